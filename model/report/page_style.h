#pragma once

// The style sheet of report.html: light and dark by the reader's setting, and for paper. Private to
// model/report.

namespace guichet {

inline constexpr const char* kPageStyle = R"(
:root { color-scheme: light dark; --page: #f4f5f8; --card: #ffffff; --ink: #1b2130; --soft: #596275;
  --line: #dde1e9; --candidate: #2358c8; --warm: #c4450c; --good: #147a3d; --wait: #9a5b00;
  --bad: #b3201f; --on: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --page: #11141a; --card: #1a1f28; --ink: #e8ebf1;
  --soft: #9da7b7; --line: #2e3541; --candidate: #7fabff; --warm: #ff9a5c; --good: #4cc97d;
  --wait: #f0b650; --bad: #ff8079; --on: #10131a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 12px; }
p { margin: 0 0 10px; } ul { margin: 0; padding-left: 20px; }
small, .sub, figcaption { color: var(--soft); } small { font-size: 12px; white-space: nowrap; }
figure { margin: 0; } figcaption { font-size: 13px; margin-top: 10px; }
code { font: 12px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere;
  white-space: pre-wrap; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 18px 20px; margin-top: 16px; min-width: 0; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px;
  align-items: stretch; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); gap: 16px;
  margin-top: 16px; }
.tiles .card { margin: 0; }
.tile b { display: block; font-size: 27px; line-height: 1.3; font-weight: 650; }
.tile span { color: var(--soft); font-size: 13px; display: block; }
.verdict { display: inline-block; font-weight: 700; border: 2px solid; border-radius: 999px;
  padding: 2px 14px; margin-bottom: 10px; }
.PROMOTE { color: var(--good); } .HOLD { color: var(--wait); } .REJECT { color: var(--bad); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: 12.5px; vertical-align: bottom; }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 150px; }
th:first-child, .facts td, .text { text-align: left; }
tr > :first-child { padding-left: 0; }
.facts th { white-space: normal; width: 42%; color: var(--soft); }
.dial { font-size: 13px; margin-top: 10px; } .dial td:first-child { text-align: left; }
.never { color: var(--warm); }
.bar { display: inline-block; width: 90px; height: 8px; border-radius: 4px;
  background: var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--candidate); }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin: 0 5px 0 2px; }
.key.candidate { background: var(--candidate); } .key.other { background: var(--soft); }
.key.warm { background: var(--warm); }
svg { display: block; font-family: inherit; } svg text { fill: var(--ink); }
.plot { width: 100%; height: auto; }
.interval { margin: 3px 0 0 auto; }
.tick { font-size: 12px; } .title, .note { font-size: 12.5px; } svg .title, svg .note { fill:
  var(--soft); }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); fill: none; stroke-opacity: .6; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.line.candidate { stroke: var(--candidate); } .line.other { stroke: var(--soft); }
.guide { stroke: var(--warm); stroke-width: 1.4; stroke-dasharray: 5 4; }
.whisker { stroke: var(--candidate); stroke-width: 1.2; stroke-opacity: .55; }
.band.candidate { fill: var(--candidate); fill-opacity: .16; }
.dot.candidate { fill: var(--candidate); } .dot.other { fill: var(--soft); }
.plot .promise { fill: var(--warm); stroke: var(--card); stroke-width: 2; }
.heat .cell { fill: var(--line); fill-opacity: .38; }
.heat .right { fill: var(--candidate); } .heat .wrong { fill: var(--warm); }
.heat .count { font-size: 12px; pointer-events: none; } .heat.small .count { font-size: 10px; }
.heat .on { fill: var(--on); }
@media (max-width: 760px) { .pair { grid-template-columns: minmax(0, 1fr); gap: 0; }
  main { padding: 18px 12px 32px; } .card { padding: 14px; } h1 { font-size: 22px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; } .tile b { font-size: 22px; }
  th, td { padding: 5px 6px; } tbody th { min-width: 110px; } }
@media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc;
  --candidate: #2358c8; --warm: #c4450c; --good: #147a3d; --wait: #9a5b00; --bad: #b3201f;
  --on: #fff; color-scheme: light; } * { print-color-adjust: exact; }
  .card { break-inside: avoid; } .scroll { overflow: visible; } .heat { max-width: 100%;
  height: auto; } body { font-size: 12px; } }
)";

}  // namespace guichet
