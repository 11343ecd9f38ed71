/* 報告の作成：字数、ほかの人の内容との見比べ、サインインが切れたあとの続き。なくても「下書きを保存」で残せる。 */
(function () {
  "use strict";
  var form = document.querySelector("form[data-report]");
  if (!form) { return; }

  /* 断られた答え（401・409・422）にも、欄の下に出す文がある。 */
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    if ([401, 409, 422].includes(event.detail.xhr.status) && event.target.closest(".p-answer__state")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.body.addEventListener("htmx:afterSwap", function (event) {
    var state = event.target.closest(".p-answer__state");
    if (!state) { return; }
    var field = fieldOf(state);
    if (!field) { return; }
    if (state.querySelector(".p-entry__error")) { field.setAttribute("aria-invalid", "true"); } else { field.removeAttribute("aria-invalid"); }
    dress(state);
  });
  function fieldOf(inside) {
    var answer = inside.closest("[data-answer]");
    return answer && answer.querySelector("textarea, input[type=radio]");
  }

  /* 「相手の内容にする」は、欄に写してから保存する。 */
  function dress(root) {
    root.querySelectorAll("[data-take-theirs]").forEach(function (button) { button.hidden = false; });
  }
  dress(document);
  form.addEventListener("click", function (event) {
    var button = event.target.closest("[data-keep-mine], [data-take-theirs]");
    if (!button) { return; }
    var field = fieldOf(button);
    if (button.matches("[data-take-theirs]")) { take(field, button.closest(".p-conflict").querySelector("[data-theirs]").textContent); }
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });
  function take(field, text) {
    if (field.matches("textarea")) { field.value = text; count(field); return; }
    form.querySelectorAll('input[name="' + field.name + '"]').forEach(function (each) { each.checked = each.value === text; });
  }

  /* 字数。 */
  function count(field) {
    var box = field.closest("[data-answer]").querySelector("[data-count]");
    if (!box) { return; }
    var length = Array.from(field.value.trim()).length;
    box.textContent = length + "／" + box.dataset.limit + "字";
    box.toggleAttribute("data-over", length > Number(box.dataset.limit));
  }
  form.addEventListener("input", function (event) { if (event.target.matches("textarea")) { count(event.target); } });

  /* まだ保存できていない欄を覚えておき、サインインし直して戻ってきたら、新しい印を受け取って続ける。 */
  var waits = false;
  function holder(element) { return element.closest("[data-answer], [data-cell]"); }
  document.body.addEventListener("htmx:afterRequest", function (event) {
    var place = holder(event.detail.elt);
    if (!place) { return; }
    var status = event.detail.xhr.status;
    if (status === 401 || status === 403) {
      place.dataset.unsaved = "";
      if (status === 403 && !waits) { renew(); }
      waits = true;
    } else {
      delete place.dataset.unsaved;
    }
  });
  function back() { if (waits && document.visibilityState === "visible") { renew(); } }
  document.addEventListener("visibilitychange", back);
  window.addEventListener("focus", back);
  function renew() {
    window.fetch(window.location.pathname, { credentials: "same-origin" }).then(function (answer) {
      return answer.redirected ? "" : answer.text();
    }).then(function (html) {
      var found = html && new DOMParser().parseFromString(html, "text/html").querySelector('meta[name="csrf-token"]');
      if (!found) { return; }
      waits = false;
      document.querySelector('meta[name="csrf-token"]').content = found.content;
      form.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach(function (each) { each.value = found.content; });
      form.querySelectorAll("[data-unsaved]").forEach(function (place) {
        var field = place.querySelector("textarea, input:not([type=hidden]):checked, input:not([type=hidden], [type=radio]), select");
        if (field) { field.dispatchEvent(new Event("change", { bubbles: true })); }
      });
    }).catch(function () {});
  }
})();
