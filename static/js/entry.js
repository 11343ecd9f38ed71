/* 入力の表の自動保存：欄ごとに送り、誤りの印と、通信できないときの知らせを付ける。なくても「下書きを保存」で残せる。 */
(function () {
  "use strict";
  var form = document.querySelector("form[data-entry]");
  if (!form) { return; }

  /* 表の全部ではなく、その欄の値だけを送る。 */
  document.body.addEventListener("htmx:configRequest", function (event) {
    var cell = event.target.closest("[data-cell]");
    if (!cell || event.detail.verb !== "post") { return; }
    var start = cell.dataset.cell + ".";
    Array.from(event.detail.formData.keys()).forEach(function (name) {
      if (!name.startsWith(start)) { event.detail.formData.delete(name); }
    });
  });

  /* 断られた答え（401・409・422）にも、欄の下に出す文がある。 */
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    if ([401, 409, 422].includes(event.detail.xhr.status) && event.target.closest("[data-cell], .p-entry__state")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  /* 状態の言葉が替わったら、欄の印も合わせる。比率は二行の両方に付ける。 */
  document.body.addEventListener("htmx:afterSwap", function (event) {
    var state = event.target.closest(".p-entry__state");
    var mark = state && state.querySelector("input[type=hidden][data-kind]");
    if (!mark) { return; }
    var name = mark.name.replace(/\.seen$/, "");
    form.querySelectorAll('[data-cell="' + name + '"]').forEach(function (cell) {
      cell.dataset.kind = mark.dataset.kind;
      delete cell.dataset.pasted;
      var field = cell.querySelector("input:not([type=hidden]), select");
      var own = field.name.split(".").pop();
      var wrong = mark.hasAttribute("data-error") && (mark.dataset.errorField === own || !["value", "numerator", "denominator"].includes(mark.dataset.errorField));
      if (wrong) { field.setAttribute("aria-invalid", "true"); } else { field.removeAttribute("aria-invalid"); }
    });
  });

  /* Tab は次の欄へ。詳細は Alt＋↓ で開き、Esc で欄に戻る（スクリプトがなければ、詳細にも Tab で移れる）。 */
  form.querySelectorAll(".p-entry__more > summary").forEach(function (summary) { summary.tabIndex = -1; });
  function moreOf(cell) { return form.querySelector('[data-cell="' + cell.dataset.cell + '"] .p-entry__more'); }
  form.addEventListener("keydown", function (event) {
    var cell = event.target.closest("[data-cell]");
    if (!cell) { return; }
    var more = moreOf(cell);
    if (event.altKey && event.key === "ArrowDown") {
      event.preventDefault();
      more.open = true;
      var first = more.querySelector("select, textarea");
      if (first) { first.focus(); } else { more.dataset.wanted = ""; }
    } else if (event.key === "Escape" && more.open) {
      more.open = false;
      cell.querySelector("input:not([type=hidden]), select").focus();
    }
  });
  document.body.addEventListener("htmx:afterSettle", function (event) {
    var more = event.target.closest && event.target.closest(".p-entry__more[data-wanted]");
    if (more) {
      delete more.dataset.wanted;
      more.querySelector("select").focus();
    }
  });

  function failed() { document.getElementById("entry-live").textContent = form.dataset.failed; }
  document.body.addEventListener("htmx:sendError", failed);
  document.body.addEventListener("htmx:responseError", failed);
})();
