/// The style sheet of `report.html`.
enum PageStyle {
  static let css = """
    :root { --paper: #fff; --ink: #1d2127; --soft: #646a73; --line: #e3e5e8; --wash: #f6f7f8; --good: #1a7f4b; --bad: #b3261e;
      --accent: #0072b2; --keyword: #8250df; --number: #0a6ebd; --string: #0a7d47; color-scheme: light dark;
      \(FigureStyle.light) }
    @media screen and (prefers-color-scheme: dark) { :root { --paper: #16181c; --ink: #e6e8eb; --soft: #9aa0a8; --line: #2c3036;
      --wash: #1e2126; --good: #56c288; --bad: #ff8a80; --accent: #5db3e6; --keyword: #c9a3ff; --number: #7cc4ff;
      --string: #7ee2a8; \(FigureStyle.dark) } }
    * { box-sizing: border-box; }
    html { background: var(--paper); color: var(--ink);
      font: 17px/1.6 Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif; }
    body { max-width: 48rem; margin: 3rem auto 5rem; padding: 0 1.2rem; overflow-wrap: break-word; }
    h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; text-wrap: balance; }
    h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.6rem 0 .4rem; }
    h3, h4, h5, h6 { font-size: 1.08rem; margin: 1.8rem 0 .3rem; }
    .meta, figcaption, .from, th, footer, .name { color: var(--soft); font: 13px/1.5 system-ui, sans-serif; }
    .meta { margin: 0 0 1.8rem; }
    .meta b { font-weight: 600; } .yes b, b.yes { color: var(--good); } b.no { color: var(--bad); }
    pre, code { font-family: "JetBrains Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    code { font-size: .86em; background: var(--wash); padding: .06em .28em; border-radius: 3px; }
    pre { font-size: 13.5px; line-height: 1.55; margin: 1.1rem 0; overflow-x: auto; tab-size: 2; }
    pre.code { background: var(--wash); border-left: 3px solid var(--line); padding: .7rem 1rem;
      border-radius: 0 6px 6px 0; }
    pre.value, pre.print { padding: 0 0 0 1.1rem; color: var(--ink); }
    pre.error { border-left: 3px solid var(--bad); padding: .5rem 1rem; }
    .k { color: var(--keyword); } .n { color: var(--number); } .s { color: var(--string); }
    .c { color: var(--soft); font-style: italic; } .f { color: var(--ink); }
    .scroll { overflow-x: auto; margin: 1.2rem 0 .2rem; }
    table { border-collapse: collapse; font: 14px/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
    th, td { text-align: right; padding: .28rem 1.1rem .28rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
    th { font-weight: 500; border-bottom: 1px solid var(--soft); }
    th.text, td.text { text-align: left; } td.long { white-space: normal; min-width: 12rem; max-width: 24rem; }
    .prose th, .prose td { white-space: normal; vertical-align: top; }
    .pad { visibility: hidden; }
    .sortable th { cursor: pointer; } th[aria-sort="ascending"]::after { content: " ↑"; }
    th[aria-sort="descending"]::after { content: " ↓"; }
    .nowrap { white-space: nowrap; } li.task { list-style: none; margin-left: -1.1rem; }
    math { font-size: 1.04em; } math[display="block"] { margin: 1rem 0; overflow-x: auto; }
    .line { display: inline-flex; max-width: 100%; overflow-x: auto; overflow-y: hidden; vertical-align: baseline; }
    .line math { flex: none; }
    td.gap { color: var(--soft); }
    .from { margin: .3rem 0 1.2rem; }
    figure { margin: 1.6rem -1rem; } figure svg { max-width: 100%; height: auto; display: block; margin: 0 auto; }
    figcaption { padding: .3rem 1rem 0; }
    a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
    blockquote { margin: 1rem 0; padding: 0 0 0 1rem; border-left: 3px solid var(--line); color: var(--soft); }
    hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
    .claims { list-style: none; padding: 0; margin: 1.2rem 0; border-top: 1px solid var(--line); }
    .claims li { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr) auto; gap: .3rem; padding: .45rem 0;
      overflow-wrap: anywhere; border-bottom: 1px solid var(--line); }
    .claims .sign { font-weight: 700; } .claims .yes .sign { color: var(--good); } .claims .no .sign { color: var(--bad); }
    .claims .numbers { color: var(--soft); font: 14px/1.75 system-ui, sans-serif; text-align: right; max-width: 22rem; }
    footer { margin-top: 3.5rem; border-top: 1px solid var(--line); padding-top: 1rem; } footer code { font-size: 12px; }
    footer ul { padding-left: 1.1rem; margin: .3rem 0; }
    @media (max-width: 40rem) { .claims li { grid-template-columns: 1.5rem minmax(0, 1fr); } .claims .numbers { grid-column: 2;
      text-align: left; } figure { margin: 1.2rem 0; } }
    @media screen and (max-width: 40rem) { figure { margin: 1.2rem -1.2rem; padding: 0 1.2rem; overflow-x: auto; }
      figure svg { max-width: none; width: 36rem; } figcaption { padding: .3rem 0 0; position: sticky; left: 0; } }
    @media print { html { font-size: 11pt; } body { max-width: none; margin: 0; padding: 0; } pre { white-space: pre-wrap;
      font-size: 9pt; orphans: 4; widows: 4; } pre.code { break-after: avoid; } math[display="block"] { overflow: visible; }
      .scroll, .line { overflow: visible; } table.wide { font-size: 7pt; } table.wide th { font-size: inherit; }
      table.wide th, table.wide td { padding-right: .6em; min-width: 0; white-space: normal; overflow-wrap: anywhere; }
      figure, tr, .claims li, footer { break-inside: avoid; } h2, h3 { break-after: avoid; } a { color: inherit; } }

    """ + FigureStyle.rules
}
