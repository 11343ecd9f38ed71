/*
 * 入力の表 table[data-grid] を、表計算ソフトのように動けるようにする。
 * 矢印・Enter で移り、タブ区切りの塊を貼ると右下へ順に埋まる。直前の貼付けは Ctrl+Z で戻る。
 * 文字はそのまま入れる（△や全角の読取り、「－」の意味の確認はサーバーの役目）。
 */
(function () {
  "use strict";
  var CELL = "input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not(:disabled):not([readonly]), select:not(:disabled), textarea:not(:disabled):not([readonly])";
  var undo = null;

  /* 表を「行 × 入力欄」の並びにする。colspan は使わない前提で、列はセルの番号で合わせる。 */
  function rows(table) {
    return Array.from(table.tBodies).flatMap(function (body) { return Array.from(body.rows); }).filter(function (row) { return row.querySelector(CELL); });
  }
  function fieldAt(row, column) {
    return row && row.cells[column] ? row.cells[column].querySelector(CELL) : null;
  }
  function place(field) {
    var cell = field.closest("td, th");
    var table = field.closest("table[data-grid]");
    return cell && table ? { table: table, list: rows(table), row: rows(table).indexOf(cell.parentElement), column: cell.cellIndex } : null;
  }
  function columnsAfter(row, column) {
    return Array.from(row.cells).filter(function (cell) { return cell.cellIndex >= column && cell.querySelector(CELL); }).map(function (cell) { return cell.cellIndex; });
  }

  function vertical(at, step) {
    for (var index = at.row + step; index >= 0 && index < at.list.length; index += step) {
      var field = fieldAt(at.list[index], at.column);
      if (field) { return field; }
    }
    return null;
  }
  function sideways(at, step) {
    var cells = Array.from(at.list[at.row].cells).filter(function (cell) { return cell.querySelector(CELL); });
    var index = cells.findIndex(function (cell) { return cell.cellIndex === at.column; });
    return cells[index + step] ? cells[index + step].querySelector(CELL) : null;
  }
  function atEdge(field, step) {
    if (field.selectionStart === null || field.selectionStart === undefined) { return false; }
    var whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    var edge = field.selectionStart === field.selectionEnd && field.selectionStart === (step < 0 ? 0 : field.value.length);
    return whole || edge;
  }
  function go(event, field) {
    if (!field) { return; }
    event.preventDefault();
    field.focus();
    if (field.select) { field.select(); }
  }

  function onKey(event) {
    var field = event.target;
    if (!field.matches(CELL) || event.isComposing || event.altKey) { return; }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && undo) { takeBack(event); return; }
    if (event.ctrlKey || event.metaKey) { return; }
    var at = place(field);
    if (!at) { return; }
    if (event.key === "Enter" && !field.matches("textarea")) {
      event.preventDefault();
      go(event, vertical(at, event.shiftKey ? -1 : 1));
    } else if (!event.shiftKey && !field.matches("select, textarea")) {
      arrow(event, field, at);
    }
  }
  function arrow(event, field, at) {
    if (event.key === "ArrowDown") { go(event, vertical(at, 1)); }
    if (event.key === "ArrowUp") { go(event, vertical(at, -1)); }
    if (event.key === "ArrowRight" && atEdge(field, 1)) { go(event, sideways(at, 1)); }
    if (event.key === "ArrowLeft" && atEdge(field, -1)) { go(event, sideways(at, -1)); }
  }

  /* Excel はセルの中の改行を "…" で囲む。囲みの中のタブと改行は区切りと見ない。 */
  function parse(text) {
    var table = [[]];
    var value = "";
    var quoted = false;
    var source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    function push() { table[table.length - 1].push(value); value = ""; }
    for (var index = 0; index < source.length; index += 1) {
      var mark = source[index];
      if (quoted) {
        if (mark === '"' && source[index + 1] === '"') { value += '"'; index += 1; }
        else if (mark === '"') { quoted = false; }
        else { value += mark; }
      } else if (mark === '"' && value === "") { quoted = true; }
      else if (mark === "\t") { push(); }
      else if (mark === "\n") { push(); table.push([]); }
      else { value += mark; }
    }
    push();
    return table;
  }

  function set(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function choose(field, text) {
    var wanted = text.trim();
    var found = Array.from(field.options).find(function (item) { return item.text.trim() === wanted || item.value === wanted; });
    if (found) { set(field, found.value); }
    return Boolean(found);
  }
  function fill(field, text, before) {
    var old = field.value;
    if (field.matches("select")) { if (!choose(field, text)) { return false; } } else { set(field, text); }
    before.push([field, old]);
    field.closest("td, th").dataset.pasted = "";
    return true;
  }

  function onPaste(event) {
    var field = event.target;
    var text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
    if (!field.matches(CELL) || field.matches("textarea") || !/[\t\n\r]/.test(text.replace(/[\r\n]+$/, ""))) { return; }
    var at = place(field);
    if (!at) { return; }
    event.preventDefault();
    clearMarks(at.table);
    var before = [];
    var left = 0;
    parse(text).forEach(function (line, down) {
      var row = at.list[at.row + down];
      var columns = row ? columnsAfter(row, at.column) : [];
      line.forEach(function (value, across) {
        var target = fieldAt(row, columns[across]);
        if (!target || !fill(target, value, before)) { left += value === "" ? 0 : 1; }
      });
    });
    undo = { table: at.table, before: before };
    report(at.table, before.length + "か所に貼り付けました。" + (left ? "入りきらなかった値が" + left + "件あります。" : "") + "Ctrl+Zで元に戻せます。");
  }
  function takeBack(event) {
    event.preventDefault();
    undo.before.forEach(function (pair) { set(pair[0], pair[1]); });
    clearMarks(undo.table);
    report(undo.table, "貼付けを元に戻しました。");
    undo = null;
  }
  function clearMarks(table) {
    table.querySelectorAll("[data-pasted]").forEach(function (cell) { delete cell.dataset.pasted; });
  }

  /* 結果は、表が data-grid-status で指す領域（なければ表の直前に作る）に書き、読み上げる。 */
  function report(table, text) {
    var box = table.dataset.gridStatus && document.getElementById(table.dataset.gridStatus);
    if (!box) {
      box = document.createElement("p");
      box.id = "grid-status-" + Date.now();
      box.className = "p-live";
      box.setAttribute("role", "status");
      (table.closest("[data-table-scroll]") || table).before(box);
      table.dataset.gridStatus = box.id;
    }
    box.classList.remove("p-visually-hidden");
    box.textContent = text;
  }

  /* 自分で打ち始めたら、貼付けの取消しは手放し、ブラウザー本来の取消しに任せる。 */
  document.addEventListener("beforeinput", function (event) {
    if (event.isTrusted && event.inputType !== "historyUndo" && event.target.closest("table[data-grid]")) { undo = null; }
  });
  document.addEventListener("keydown", function (event) { if (event.target.closest("table[data-grid]")) { onKey(event); } });
  document.addEventListener("paste", function (event) { if (event.target.closest && event.target.closest("table[data-grid]")) { onPaste(event); } });
})();
