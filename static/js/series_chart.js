/*
 * 推移の図。[data-series-chart="json_script の id"] の要素に描く。表は必ず別に置き、図は添えものとする。
 * データ: periods 見出しの並び, actual 承認済み, provisional 承認前を含む, target 目標値, expected 目安値, bounds [[下, 上], …],
 *   unit, decimals, title, marks [{index, label}], target_changes [{index, label}]。
 * 値は数か null。null は線をつながない（0 とは別）。provisional は actual と違う期間だけ値を持っていてもよい。
 */
(function () {
  "use strict";
  if (!window.echarts) { return; }

  var NAMES = { actual: "承認済み", provisional: "承認前を含む", target: "目標値", expected: "目安値", bounds: "目標の範囲" };
  var RULE = "path://M0 0H26V1.2H0Z";
  var calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function color(element, name) {
    return getComputedStyle(element).getPropertyValue(name).trim();
  }
  function palette(element) {
    return {
      key: color(element, "--p-key"), ink: color(element, "--p-ink"), soft: color(element, "--p-ink-soft"),
      rule: color(element, "--p-rule"), ground: color(element, "--p-ground"), target: color(element, "--p-negative"),
      expected: color(element, "--p-ink-faint"), band: color(element, "--color-primitive-green-100"),
      family: getComputedStyle(element).fontFamily
    };
  }

  /* 桁区切りを付け、負は▲で示す。値がないときは言葉で返す。 */
  function spell(value, decimals) {
    if (value === null || value === undefined || value === "") { return "値なし"; }
    var number = Number(value);
    var text = Math.abs(number).toLocaleString("ja-JP", decimals === undefined || decimals === null ? { maximumFractionDigits: 6 } : { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    return (number < 0 ? "▲" : "") + text;
  }

  function has(values) {
    return Array.isArray(values) && values.some(function (value) { return value !== null && value !== undefined; });
  }
  function line(name, data, style) {
    return Object.assign({ type: "line", name: name, data: data, connectNulls: false, emphasis: { disabled: true }, animation: !calm, animationDuration: 250 }, style);
  }

  function actualLine(data, tones) {
    return line(NAMES.actual, data.actual, {
      z: 5, symbol: "circle", symbolSize: 7, showAllSymbol: true, lineStyle: { width: 2.5, color: tones.key }, itemStyle: { color: tones.key },
      markLine: marks(data, tones)
    });
  }
  function provisionalLine(data, tones) {
    return line(NAMES.provisional, data.provisional, {
      z: 4, symbol: "circle", symbolSize: 9, showAllSymbol: true, lineStyle: { width: 1.5, type: "dotted", color: tones.key }, itemStyle: { color: tones.ground, borderColor: tones.key, borderWidth: 2 }
    });
  }
  function targetLine(data, tones) {
    return line(NAMES.target, data.target, { z: 3, step: "middle", symbol: "rect", symbolSize: [12, 3], lineStyle: { width: 2, type: "dashed", color: tones.target }, itemStyle: { color: tones.target } });
  }
  function expectedLine(data, tones) {
    return line(NAMES.expected, data.expected, { z: 2, symbol: "none", lineStyle: { width: 1, color: tones.expected }, itemStyle: { color: tones.expected } });
  }
  /* 範囲の目標は、透明な下の棒に差の棒を積んで、期間ごとの帯にする（一期間だけでも見える）。 */
  function bandBars(data, tones) {
    var low = data.bounds.map(function (pair) { return complete(pair) ? pair[0] : null; });
    var span = data.bounds.map(function (pair) { return complete(pair) ? pair[1] - pair[0] : null; });
    var bar = { type: "bar", stack: "bounds", barWidth: "92%", silent: true, animation: false, z: 1, emphasis: { disabled: true } };
    return [
      Object.assign({ name: "", data: low, itemStyle: { color: "transparent" } }, bar),
      Object.assign({ name: NAMES.bounds, data: span, itemStyle: { color: tones.band } }, bar)
    ];
  }
  function complete(pair) {
    return Array.isArray(pair) && has([pair[0]]) && has([pair[1]]);
  }
  function marks(data, tones) {
    var all = (data.marks || []).concat(data.target_changes || []);
    if (!all.length) { return undefined; }
    return {
      symbol: "none", silent: true, animation: false, lineStyle: { color: tones.soft, type: "solid", width: 1 },
      label: { color: tones.ink, fontFamily: tones.family, fontSize: 12, position: "end", formatter: function (mark) { return mark.name; } },
      data: all.map(function (mark) { return { name: mark.label, xAxis: mark.index }; })
    };
  }

  function series(data, tones) {
    var lines = [];
    if (has(data.bounds)) { lines = lines.concat(bandBars(data, tones)); }
    if (has(data.expected)) { lines.push(expectedLine(data, tones)); }
    if (has(data.target)) { lines.push(targetLine(data, tones)); }
    if (has(data.provisional)) { lines.push(provisionalLine(data, tones)); }
    lines.push(actualLine(data, tones));
    return lines;
  }

  function tooltip(data, tones) {
    return {
      trigger: "axis", renderMode: "richText", confine: true, backgroundColor: tones.ground, borderColor: tones.soft,
      textStyle: { color: tones.ink, fontFamily: tones.family, fontSize: 13 },
      formatter: function (points) {
        var index = points[0].dataIndex;
        var rows = [data.periods[index]];
        ["actual", "provisional", "target", "expected"].forEach(function (kind) {
          if (has(data[kind])) { rows.push(NAMES[kind] + "　" + spell(data[kind][index], data.decimals) + unitAfter(data, data[kind][index])); }
        });
        if (has(data.bounds) && complete(data.bounds[index])) { rows.push(NAMES.bounds + "　" + spell(data.bounds[index][0], data.decimals) + "〜" + spell(data.bounds[index][1], data.decimals) + (data.unit || "")); }
        return rows.join("\n");
      }
    };
  }
  function unitAfter(data, value) {
    return value === null || value === undefined ? "" : (data.unit || "");
  }

  function option(data, tones, narrow) {
    var words = { color: tones.ink, fontFamily: tones.family, fontSize: 12 };
    return {
      animation: false, textStyle: { fontFamily: tones.family },
      aria: { enabled: true, label: { enabled: true, description: summary(data) } },
      legend: { top: 0, left: 0, itemWidth: 26, itemGap: narrow ? 10 : 18, selectedMode: false, textStyle: words, data: legend(data) },
      grid: { top: narrow ? 74 : 56, right: 20, bottom: 8, left: 8, containLabel: true },
      tooltip: tooltip(data, tones),
      xAxis: { type: "category", data: data.periods, boundaryGap: true, axisTick: { show: false }, axisLine: { lineStyle: { color: tones.soft } }, axisLabel: Object.assign({ hideOverlap: true, interval: narrow ? "auto" : 0 }, words) },
      yAxis: { type: "value", scale: !startsAtZero(data), name: data.unit ? "（" + data.unit + "）" : "", nameGap: 10, nameTextStyle: Object.assign({ align: "left", padding: [0, 0, 0, -30] }, words), splitLine: { lineStyle: { color: tones.rule } }, axisLabel: Object.assign({ formatter: function (value) { return spell(value, null); } }, words) },
      series: series(data, tones)
    };
  }
  function legend(data) {
    var kinds = ["actual", "provisional", "target", "expected"].filter(function (kind) { return kind === "actual" || has(data[kind]); });
    var items = kinds.map(function (kind) { return kind === "expected" ? { name: NAMES.expected, icon: RULE } : { name: NAMES[kind] }; });
    return has(data.bounds) ? items.concat([{ name: NAMES.bounds, icon: "rect" }]) : items;
  }
  /* 縦軸を0から始めないのは、変化が軸の幅に比べてごく小さいときだけ。 */
  function startsAtZero(data) {
    var values = [].concat(data.actual || [], data.target || [], data.provisional || []).filter(function (value) { return value !== null && value !== undefined; }).map(Number);
    if (!values.length) { return true; }
    var low = Math.min.apply(null, values);
    var high = Math.max.apply(null, values);
    return low <= 0 || low < high * 0.8;
  }
  function summary(data) {
    var parts = data.periods.map(function (period, index) {
      return period + "は" + spell((data.actual || [])[index], data.decimals) + unitAfter(data, (data.actual || [])[index]);
    });
    return (data.title || "推移") + "。承認済みの値：" + parts.join("、") + "。";
  }

  function draw(element) {
    var source = document.getElementById(element.dataset.seriesChart);
    if (!source || element.dataset.drawn !== undefined) { return; }
    var data = JSON.parse(source.textContent);
    element.dataset.drawn = "";
    var chart = window.echarts.init(element, null, { renderer: "svg", locale: "JA" });
    function render() {
      chart.setOption(option(data, palette(element), element.clientWidth < 520), true);
      var picture = element.querySelector("svg");
      if (picture) { picture.setAttribute("viewBox", "0 0 " + chart.getWidth() + " " + chart.getHeight()); }
    }
    render();
    /* 図の説明は要素自身に付く。SVG の中の文字は二重に読ませない。 */
    element.setAttribute("role", "img");
    new ResizeObserver(function () {
      if (chart.isDisposed() || window.matchMedia("print").matches) { return; }
      chart.resize();
      render();
    }).observe(element);
  }
  function drawAll(root) { root.querySelectorAll("[data-series-chart]").forEach(draw); }

  drawAll(document);
  /* 差し替えで消える図は、後始末をする。 */
  document.body.addEventListener("htmx:beforeCleanupElement", function (event) {
    var chart = event.target.matches && event.target.matches("[data-series-chart]") && window.echarts.getInstanceByDom(event.target);
    if (chart) { chart.dispose(); }
  });
  document.body.addEventListener("htmx:load", function (event) { drawAll(event.target.parentElement || document); });
})();
