"""The style sheet: for a desk, a phone, a dark room and paper."""

_SHEET = """
:root {
  color-scheme: light dark;
  --paper: #fdfcfa; --panel: #f5f2ec; --line: #e3ded5; --ink: #1f1d1a; --soft: #625d55;
  --good: #2b6e47; --bad: #a8322a; --warn: #85590a;
  --red: #b8473f; --blue: #2f6fae; --amber: #b07a16; --green: #3c8259; --violet: #7a5ba6; --teal: #2f8083;
  --slate: #6b7280; --pale: #c2bcb1;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #171614; --panel: #211f1c; --line: #36332e; --ink: #ece9e3; --soft: #aca69c;
    --good: #7cc79a; --bad: #f08d84; --warn: #e0b25c;
    --red: #dd746b; --blue: #6aa5de; --amber: #d5a347; --green: #6cb78b; --violet: #a98bd3; --teal: #62b3b5;
    --slate: #8f97a5; --pale: #5b564e;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.page { max-width: 66rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 4rem) clamp(1rem, 4vw, 3rem) 4rem; }
header { padding-bottom: clamp(1.5rem, 4vw, 3rem); }
.eyebrow { margin: 0 0 .5rem; color: var(--soft); font-size: .875rem; letter-spacing: .02em; }
h1 { margin: 0; font-size: clamp(1.6rem, 1.1rem + 2.4vw, 2.6rem); font-weight: 650; line-height: 1.15;
  letter-spacing: -.02em; text-wrap: balance; }
.lead { margin: 1rem 0 0; max-width: 42rem; font-size: clamp(1.05rem, 1rem + .4vw, 1.25rem); line-height: 1.5;
  text-wrap: pretty; }
h2 { margin: 0 0 .75rem; font-size: 1.0625rem; font-weight: 650; line-height: 1.4; }
h3 { margin: 1.75rem 0 .25rem; font-size: .9375rem; font-weight: 650; }
p { margin: 0 0 .75rem; max-width: 44rem; text-wrap: pretty; }
ul { margin: 0 0 .75rem; padding-left: 1.15rem; }
li + li { margin-top: .35rem; }
small, .note { color: var(--soft); font-size: .875rem; }
section { padding: clamp(1.5rem, 3vw, 2.25rem) 0; border-top: 1px solid var(--line); }
.content { min-width: 0; }
.content > :last-child { margin-bottom: 0; }
@media (min-width: 56rem) {
  section { display: grid; grid-template-columns: 11rem minmax(0, 1fr); column-gap: 2.5rem; }
}
#failure h2, #failure strong:first-child { color: var(--bad); }
#warnings h2 { color: var(--warn); }

.status { font-weight: 650; white-space: nowrap; }
.status::before { content: ""; display: inline-block; width: .55em; height: .55em; margin-right: .4em;
  border-radius: 50%; background: currentColor; vertical-align: .08em; }
.status.complete { color: var(--good); }
.status.failed { color: var(--bad); }
.lead .status::after { content: "."; }

code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
  font-size: .875em; }
pre { margin: .5rem 0 .75rem; padding: .75rem .9rem; background: var(--panel); border-radius: .4rem;
  font-size: .8125rem; line-height: 1.6; white-space: pre-wrap; }
pre code { font-size: 1em; }

dl { margin: 0 0 1.5rem; }
dl > div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); column-gap: 1rem; padding: .3rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
@media (max-width: 36rem) { dl > div { display: block; padding: .4rem 0; } dt { font-size: .875rem; } }

table { width: 100%; margin: 0 0 1.5rem; border-collapse: collapse; font-size: .9375rem; }
caption { padding: 0 0 .4rem; color: var(--soft); font-size: .875rem; text-align: left; }
th, td { padding: .45rem 1rem .45rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: baseline;
  font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-top: 0; color: var(--soft); font-size: .8125rem; white-space: nowrap; }
.number, .time { text-align: right; white-space: nowrap; }
.checksum { white-space: nowrap; }
td.job { min-width: 15.5rem; }
.total tbody tr:last-child > * { font-weight: 650; }
th.chart { min-width: 6rem; }
td.chart { width: 40%; height: 1px; vertical-align: middle; }
.courses td.chart { width: 34%; }
.courses { font-size: .8125rem; }
.courses th, .courses td { padding-right: .7rem; }

.bar { display: block; height: .7rem; overflow: hidden; border-radius: .2rem; }
.stacked { height: .9rem; margin: .25rem 0 1rem; }
.stacked .bar { height: 100%; }
.courses .bar { background: var(--panel); }
.swatch { display: inline-block; width: .7em; height: .7em; margin-right: .15rem; border-radius: .15em; }

.action-delete, .line-rejected { fill: var(--red); }
.action-rehydrate, .phase-upload { fill: var(--blue); }
.action-scrub_geo, .line-duplicate { fill: var(--amber); }
.action-other, .phase-prepare, .phase-rest { fill: var(--slate); }
.line-accepted, .phase-index { fill: var(--green); }
.line-blank, .line-notice, .phase-wait { fill: var(--pale); }
.phase-check { fill: var(--violet); }
.phase-download { fill: var(--teal); }

details { margin: 0 0 1rem; }
summary { margin-bottom: .75rem; cursor: pointer; font-weight: 600; font-size: .9375rem; }
summary:focus-visible { outline: 2px solid var(--blue); outline-offset: 3px; border-radius: .2rem; }

@media (max-width: 44rem) {
  .stack, .stack tbody { display: block; }
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack caption { display: block; }
  .stack tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .35rem 1rem;
    padding: .75rem 0; border-top: 1px solid var(--line); }
  .stack th, .stack td, .stack td.job { padding: 0; border: 0; text-align: left; white-space: normal;
    width: auto; min-width: 0; height: auto; }
  .stack th, .stack .code, .stack .wide { grid-column: 1 / -1; }
  .stack td.checksum { grid-column: auto; }
  .stack tbody th { font-weight: 650; }
  .stack tbody th::before { content: attr(data-title) " "; }
  .stack td::before { content: attr(data-title); display: block; color: var(--soft); font-size: .8125rem; }
  .stack td.chart { grid-column: 1 / -1; width: auto; }
  .stack td.chart::before { content: none; }
  .stack thead th { white-space: nowrap; }
}
@media (max-width: 36rem) {
  .charted, .charted tbody, .charted caption { display: block; }
  .charted thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .charted tr { display: grid; grid-template-columns: minmax(0, 1fr) auto 4.5rem; padding: .5rem 0;
    border-top: 1px solid var(--line); row-gap: .4rem; }
  .charted th, .charted td { padding: 0; border: 0; }
  .charted td.chart { grid-column: 1 / -1; order: 1; width: auto; height: auto; }
}

@media print {
  :root { --paper: #fff; --panel: #f4f4f2; --line: #ccc; --ink: #000; --soft: #444; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { font-size: 9pt; }
  .page { max-width: none; padding: 0; }
  section { display: block; padding: 12pt 0; }
  h2, h3, p, caption, summary, thead { break-after: avoid; }
  tr, dl > div, pre { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; }
}
@page { margin: 16mm 14mm; }
"""

STYLE = " ".join(line.strip() for line in _SHEET.strip().splitlines())
"""On one line, as a page has no control characters."""
