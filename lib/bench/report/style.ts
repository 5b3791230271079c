/**
 * Colours are Okabe and Ito's, which every kind of colour vision tells apart; where a colour says something, a word or a
 * shape says it too. No text of this file comes from outside.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #16191d; --soft: #59626e; --line: #d8dde3; --grid: #e6e9ed;
  --own: #0072b2; --own-pale: #b9d9ec; --peer: #7a8490; --peer-pale: #d5dae0;
  --good: #00704f; --bad: #b34700; --band: #eef1f4; --warn: #fff4dc; --warn-line: #c98a00;
  --s1: #0072b2; --s2: #d55e00; --s3: #00855f; --s4: #a8558a; --s5: #8a6d00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --card: #1b1f26; --ink: #e8ebef; --soft: #a3adb9; --line: #343b45; --grid: #2a3039;
    --own: #56b4e9; --own-pale: #24506b; --peer: #97a1ad; --peer-pale: #3c444f;
    --good: #35c492; --bad: #ff9a52; --band: #232931; --warn: #33290f; --warn-line: #d9a520;
    --s1: #56b4e9; --s2: #ff8a3d; --s3: #35c492; --s4: #d98fbf; --s5: #e0c14a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, header.top, footer { max-width: 1180px; margin: 0 auto; padding: 0 16px; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
header.top { padding-top: 28px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.25; margin: 44px 0 6px; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 26px 0 8px; overflow-wrap: anywhere; }
p { margin: 4px 0 10px; max-width: 78ch; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 10px 0 0; padding: 0; }
a { color: var(--own); }
a:focus-visible, [tabindex]:focus-visible, summary:focus-visible { outline: 2px solid var(--own); outline-offset: 2px; }
.notes { background: var(--warn); border-left: 4px solid var(--warn-line); border-radius: 4px; margin: 16px 0; padding: 8px 14px; }
.notes ul { margin: 0; padding-left: 18px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 152px), 1fr)); gap: 12px; margin: 20px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 0; }
.card dt { color: var(--soft); font-size: .82rem; }
.card dd { margin: 0; overflow-wrap: anywhere; }
.card .figure { font-size: 1.55rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.card .figure small { font-size: .9rem; font-weight: 500; color: var(--soft); }
.card .under { font-size: .8rem; color: var(--soft); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; text-align: left; vertical-align: top; }
table thead th { padding-top: 10px; }
thead th { color: var(--soft); font-weight: 600; font-size: .8rem; border-bottom: 1px solid var(--line); vertical-align: bottom; }
tbody + tbody tr:first-child > *, tbody.lines tr + tr > * { border-top: 1px solid var(--grid); }
tbody th { font-weight: 550; }
td.number, th.number { text-align: right; white-space: nowrap; }
td .range { color: var(--soft); font-size: .85em; display: block; }
th.wide, td.wide { overflow-wrap: anywhere; min-width: 10.5em; }
.own { font-weight: 650; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 14px; margin: 12px 0; }
figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: 10px 12px 8px; min-width: 0; break-inside: avoid; }
figcaption { font-size: .88rem; font-weight: 600; margin-bottom: 4px; overflow-wrap: anywhere; }
figcaption span { display: block; color: var(--soft); font-weight: 400; font-size: .92em; }
svg { display: block; width: 100%; height: auto; max-width: 520px; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
svg text { fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; unicode-bidi: isolate; }
svg text.soft { fill: var(--soft); }
svg .strong { font-weight: 650; }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .own-bar { fill: var(--own); } svg .peer-bar { fill: var(--peer); }
svg .own-dot { fill: var(--own); } svg .peer-dot { fill: var(--peer); }
svg .run { fill: var(--card); stroke: var(--ink); stroke-width: 1; }
svg .whisker { stroke: var(--ink); stroke-width: 1.4; fill: none; }
svg .bin { fill: var(--own); } svg .peer-bin { fill: var(--peer); }
svg .mark { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 2; }
svg .band { fill: var(--band); }
svg .warm { fill: var(--band); }
svg .trace { fill: none; stroke: var(--own); stroke-width: 1.4; stroke-linejoin: round; }
svg .peer-trace { fill: none; stroke: var(--peer); stroke-width: 1.4; stroke-linejoin: round; }
svg .fit { stroke: var(--s2); stroke-width: 2; stroke-dasharray: 6 3; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .s1 { stroke: var(--s1); } svg .s2 { stroke: var(--s2); stroke-dasharray: 7 3; } svg .s3 { stroke: var(--s3); stroke-dasharray: 2 3; }
svg .s4 { stroke: var(--s4); stroke-dasharray: 8 3 2 3; } svg .s5 { stroke: var(--s5); stroke-dasharray: 12 4; }
svg .before { stroke: var(--soft); stroke-dasharray: 4 3; }
svg .good-mark { fill: var(--good); stroke: var(--good); } svg .bad-mark { fill: var(--bad); stroke: var(--bad); }
svg .still-mark { fill: var(--peer); stroke: var(--peer); }
dl.facts { display: grid; grid-template-columns: minmax(8em, max-content) 1fr; gap: 4px 18px; margin: 10px 0; font-size: .92rem; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .85rem; padding-top: 28px; padding-bottom: 40px; }
@media (max-width: 480px) {
  body { font-size: 15px; } main, header.top, footer { padding: 0 10px; } figure { padding: 8px 7px 6px; } th.wide, td.wide { min-width: 7em; } th, td { padding: 6px 8px; } dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: 8px; }
}
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; --own: #0072b2; --own-pale: #b9d9ec;
    --peer: #7a8490; --good: #00704f; --bad: #b34700; --band: #eee; --warn: #fff; --s1: #0072b2; --s2: #d55e00; --s3: #00855f; --s4: #a8558a; --s5: #8a6d00; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; } .scroll { overflow: visible; } h2, h3 { break-after: avoid; } tr { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
}
`;
