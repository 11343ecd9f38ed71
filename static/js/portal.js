/* どのページでも使う小さな働き。動かなくても、ページは最後まで使える。 */
(function () {
  "use strict";

  var TICK_MS = 1500;
  var SENDING = "送信しています…";
  var RELEASE_MS = 20000;

  /* 画面が見えている間だけ、更新の合図を出す（hx-trigger="portal:tick from:body"）。 */
  window.setInterval(function () {
    if (document.visibilityState === "visible") {
      document.body.dispatchEvent(new CustomEvent("portal:tick"));
    }
  }, TICK_MS);

  /* htmx の送信に CSRF の印を付ける。 */
  function csrfToken() {
    var meta = document.querySelector('meta[name="csrf-token"]');
    if (meta && meta.content) { return meta.content; }
    var cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    return cookie ? decodeURIComponent(cookie[1]) : "";
  }
  document.body.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRFToken"] = csrfToken();
  });

  /* data-confirm="文": 取り返しのつかない操作の前に確かめる。ボタン・リンク・フォームに付ける。 */
  document.addEventListener("click", function (event) {
    var asked = event.target.closest("a[data-confirm], button[data-confirm], input[data-confirm]");
    if (asked && !window.confirm(asked.dataset.confirm)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
  document.addEventListener("submit", function (event) {
    var text = event.target.dataset.confirm;
    if (text && !window.confirm(text)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  /* data-once: 二度押しを防ぐ。ボタンの値を送り終えてから止めるため、無効にするのは次の番に回す。 */
  function hold(form) {
    form.querySelectorAll("button:not([type=button]), input[type=submit]").forEach(function (button) {
      if (button.disabled) { return; }
      button.disabled = true;
      button.dataset.held = "";
    });
    var notice = document.createElement("span");
    notice.className = "p-sending";
    notice.setAttribute("role", "status");
    form.appendChild(notice);
    notice.textContent = form.dataset.once || SENDING;
  }
  function release() {
    document.querySelectorAll("[data-held]").forEach(function (button) {
      button.disabled = false;
      delete button.dataset.held;
    });
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
    document.querySelectorAll("form > .p-sending").forEach(function (notice) { notice.remove(); });
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-once]")) { return; }
    if (form.dataset.sent !== undefined) { event.preventDefault(); return; }
    form.dataset.sent = "";
    window.setTimeout(function () { hold(form); }, 0);
    /* 応答がファイルのときはページが変わらないので、しばらくして戻す。 */
    window.setTimeout(release, RELEASE_MS);
  });
  window.addEventListener("pageshow", release);
  document.body.addEventListener("htmx:afterRequest", release);

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) { window.print(); }
    toggleNav(event.target.closest("[data-nav-toggle]"));
    closeMenus(event.target);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    var open = document.querySelector("details[data-menu][open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  function toggleNav(button) {
    if (!button) { return; }
    var open = button.closest("[data-nav]").toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  }
  function closeMenus(target) {
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(target)) { menu.open = false; }
    });
  }

  /* 横に送れる表にだけ、案内を出す。 */
  function markOverflow(box) {
    var region = box.querySelector(".p-table-scroll__region");
    if (region) { box.toggleAttribute("data-overflowing", region.scrollWidth > region.clientWidth + 1); }
  }
  var watcher = window.ResizeObserver && new ResizeObserver(function (entries) {
    entries.forEach(function (entry) { markOverflow(entry.target); });
  });

  /* 読み込んだとき、差し替えたときに、その範囲を整える。 */
  function within(root, selector) {
    var found = Array.from(root.querySelectorAll(selector));
    return root.matches && root.matches(selector) ? [root].concat(found) : found;
  }
  function dress(root) {
    within(root, "[data-table-scroll]").forEach(function (box) {
      markOverflow(box);
      if (watcher) { watcher.observe(box); }
    });
    var summary = within(root, "[data-autofocus]")[0];
    if (summary) { summary.focus(); }
  }
  dress(document);
  document.body.addEventListener("htmx:load", function (event) {
    if (event.target !== document.body) { dress(event.target); }
  });
})();
