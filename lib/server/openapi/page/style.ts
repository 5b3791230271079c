/** The style of the page at /docs. No text of this file comes from outside. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #16191d; --soft: #59626e; --line: #d8dde3; --own: #0072b2; --code: #eef1f4;
  --get: #00704f; --post: #0072b2; --delete: #b34700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --card: #1b1f26; --ink: #e8ebef; --soft: #a3adb9; --line: #343b45; --own: #56b4e9; --code: #232931;
    --get: #35c492; --post: #56b4e9; --delete: #ff9a52;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
.layout { display: grid; grid-template-columns: minmax(0, 19rem) minmax(0, 1fr); max-width: 1280px; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 16px; font-size: .86rem; }
nav ul { list-style: none; margin: 0 0 12px; padding: 0; }
nav li { margin: 1px 0; overflow-wrap: anywhere; }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); margin: 14px 0 4px; }
main { padding: 16px 20px 80px; min-width: 0; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 8px 0; }
main h2 { font-size: 1.35rem; margin: 44px 0 4px; }
h3 { font-size: 1rem; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
h4 { font-size: .9rem; margin: 18px 0 6px; }
p { margin: 4px 0 10px; max-width: 80ch; overflow-wrap: anywhere; }
a { color: var(--own); }
.soft { color: var(--soft); }
code, pre, textarea { font: .86em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 6px; padding: 10px 12px; overflow: auto; max-height: 28rem; margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin: 14px 0; scroll-margin-top: 8px; }
.method { display: inline-block; min-width: 4.2em; font: 700 .74rem/1.6 ui-monospace, Menlo, Consolas, monospace; color: var(--post); }
.method.get { color: var(--get); } .method.delete { color: var(--delete); }
dl { margin: 0; } dt { margin-top: 8px; } dd { margin: 0 0 0 1.1em; }
.fields { border-left: 2px solid var(--line); padding-left: 12px; }
.type { color: var(--soft); font-size: .86em; }
.needed { color: var(--delete); font-size: .8em; }
details > summary { cursor: pointer; }
details > summary h3, details > summary h4 { display: inline; }
table { border-collapse: collapse; font-size: .9em; } td, th { text-align: left; vertical-align: top; padding: 3px 14px 3px 0; }
input, textarea, select, button { font-size: .9rem; color: var(--ink); background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 5px 8px; max-width: 100%; }
textarea { width: 100%; min-height: 9em; resize: vertical; }
button { cursor: pointer; color: var(--own); font-weight: 600; }
label { display: block; margin: 6px 0; }
:focus-visible { outline: 2px solid var(--own); outline-offset: 2px; }
[hidden] { display: none !important; }
@media (max-width: 760px) { .layout { grid-template-columns: minmax(0, 1fr); } nav { position: static; max-height: none; } }
`;
