/* The code editor: CodeMirror 6 as a Streamlit component.

   Python gives  {name, session, code, rev, label, problems, goto, height, below, language, readonly, look, placeholder}
   and gets      the state `draft` = {code, rev}, and the triggers `run` and `fix` = {label}.

   A problem is {line, column, end, message, severity, fixes, note}; its severity is error, warning or info. note: the message stands under its line, too, with a button
   for each label in `fixes`; not while that line is being typed in, so that nothing jumps under the hands.
   goto: {line, at}: the cursor goes to that line, once for each `at`.
   look: "titled", with the label above; "bare", without, in a form that names it; "line", for a line or two of a form,
   without line numbers, where Tab goes on to the next field.

   Rule 1: what is typed belongs to the editor. Python's `code` is shown when the editor appears and when `rev`
           changes; at any other rerun it is only what Python knows so far, and may lag behind the typing.
   Rule 2: Python knows the text before anything else on the page can act on it (see `flush`).
   Rule 3: what Python has not confirmed is kept here, and sent again when the editor comes back: a busy Streamlit drops
           what was sent just before a switch of pages. An app that was started again has what it kept: it gets what stands here.
   Rule 4: text from outside becomes text nodes, never markup; nothing is fetched, data: URLs included. */

import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from '@codemirror/commands';
import { pythonLanguage } from '@codemirror/lang-python';
import {
  HighlightStyle, LanguageSupport, StreamLanguage, bidiIsolates, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration, EditorView, ViewPlugin, WidgetType, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap,
  lineNumbers, placeholder,
} from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

const FLUSH_AFTER_MS = 300;
const MIN_LINES = 15, LINE_PX = 19.5, PADDING_PX = 14;  // of an editor that fills what is left of the screen

/* Streamlit's own --st-*-text-color pairs miss WCAG AA on its grey backgrounds; each of these has at least 4.5:1 on
   page, active line and selection, in both themes (tests/browser/test_editor.py measures them). */
const CHROME = `
.editor {
  --quiet: #565d69; --keyword: #7b1fa2; --string: #19632c; --number: #8f3b00; --name: #0b4f8f;
  --error: #a33f00; --error-ground: #fdeee6; --warning: #7a5900; --warning-ground: #fbf3dc; --info: #0b4f8f; --info-ground: #eaf2fb; --link: #0b4f8f; --line: #f4f5f8; --selection: #d7e6fb; --found: #fbe8a6;
  background: var(--st-background-color); color: var(--st-text-color);
  font: 14px/1.5 var(--st-font); container-type: inline-size; position: relative;
}
.editor.dark {
  --quiet: #a9b2be; --keyword: #d9b0ff; --string: #97d89b; --number: #ffbe80; --name: #99cbff;
  --error: #ffab85; --error-ground: #3a2419; --warning: #f0cd73; --warning-ground: #362e17; --info: #99cbff; --info-ground: #1b2a3d; --link: #99cbff; --line: color-mix(in srgb, var(--st-text-color) 6%, var(--st-background-color));
  --selection: #23406b; --found: #4a3b0c;
}
.head { display: flex; justify-content: space-between; gap: 1rem; margin-bottom: 0.25rem; }
.hint { color: var(--quiet); font-size: 12px; line-height: 21px; opacity: 0; }
.editor:focus-within .hint { opacity: 1; }
@container (max-width: 520px) { .hint { position: absolute; clip-path: inset(50%); } }
/* Without a head, the hint lies over the last line, which can be scrolled above it. */
.bare .head, .line .head { display: contents; }
.bare .label, .line .label { position: absolute; clip-path: inset(50%); }
.bare .hint {
  position: absolute; clip-path: none; z-index: 1; right: 2px; bottom: 2px; padding: 0 8px; pointer-events: none;
  background: var(--st-background-color); border-radius: var(--st-base-radius);
}
.line .frame { min-height: 0; resize: none; }
.line.text .cm-scroller { font-family: var(--st-font) !important; font-size: 14px; }
.line .hint { position: absolute; clip-path: inset(50%); }
.line .cm-content { padding-bottom: 6px !important; }
.line .cm-line { padding-left: 10px !important; }
.frame {
  box-sizing: border-box; min-height: 2rem; resize: vertical; overflow: hidden;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
.frame:focus-within { border-color: var(--st-primary-color); box-shadow: 0 0 0 1px var(--st-primary-color); }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
`;

const theme = EditorView.theme({
  '&': { height: '100%', maxHeight: 'inherit', color: 'inherit', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },  // the frame shows the focus
  '.cm-scroller': { fontFamily: 'var(--st-code-font)', lineHeight: '19.5px', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--st-text-color)', padding: '6px 0 24px' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-cursor': { borderLeftColor: 'var(--st-text-color)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--st-background-color)', color: 'var(--quiet)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine, &.cm-focused .cm-activeLineGutter': { backgroundColor: 'var(--line)' },
  '.cm-activeLineGutter': { color: 'var(--st-text-color)' },
  // The layer lies under the text, and an opaque active line would hide it.
  '&.cm-focused:has(.cm-selectionBackground) .cm-activeLine': { backgroundColor: 'transparent' },
  '& > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { background: 'var(--selection) !important' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--selection)', outline: '1px solid var(--quiet)' },
  '.cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent', color: 'var(--error)' },
  '.cm-searchMatch': { backgroundColor: 'var(--found)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--found)', outline: '2px solid var(--st-primary-color)' },
  // CodeMirror draws these marks with data: images, which a content security policy may forbid.
  '.cm-gutter-lint': { width: '18px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0 2px' },
  '.cm-lint-marker': { width: '14px', height: '14px', marginTop: '3px' },
  '.cm-lint-marker-error, .cm-lint-marker-warning, .cm-lint-marker-info': { content: 'normal' },
  '.cm-lint-marker-error::before, .cm-lint-marker-warning::before, .cm-lint-marker-info::before': {
    content: '"!"', display: 'block', borderRadius: '50%', textAlign: 'center', font: 'bold 11px/14px var(--st-font)',
    backgroundColor: 'var(--error)', color: 'var(--st-background-color)',
  },
  '.cm-lint-marker-warning::before': { content: '"?"', backgroundColor: 'var(--warning)' },
  '.cm-lint-marker-info::before': { content: '"i"', backgroundColor: 'var(--info)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--error)', textDecorationSkipInk: 'none' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warning)', textDecorationSkipInk: 'none' },
  '.cm-lintRange-info': { backgroundImage: 'none', textDecoration: 'underline dotted 2px var(--info)', textDecorationSkipInk: 'none' },
  '.cm-lintRange-active': { backgroundColor: 'transparent' },
  '.cm-lintPoint-error::after': { borderBottomColor: 'var(--error)' },
  '.cm-tooltip, .cm-panels, .cm-panel': { backgroundColor: 'var(--st-background-color)', color: 'var(--st-text-color)' },
  '.cm-tooltip': { border: '1px solid var(--st-border-color)', borderRadius: 'var(--st-base-radius)', maxWidth: 'min(36rem, 90vw)' },
  '.cm-diagnostic': { font: '13px/1.5 var(--st-font)', padding: '6px 10px', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--error)' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--warning)' },
  '.cm-diagnostic-info': { borderLeft: '3px solid var(--info)' },
  '.cm-noted-error': { backgroundColor: 'var(--error-ground) !important' },
  '.cm-noted-warning': { backgroundColor: 'var(--warning-ground) !important' },
  '.cm-noted-info': { backgroundColor: 'var(--info-ground) !important' },
  '.cm-note': {
    font: '13px/1.45 var(--st-font)', padding: '3px 10px 5px', borderLeft: '3px solid var(--error)', whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere', backgroundColor: 'var(--error-ground)', cursor: 'default',
  },
  '.cm-note-warning': { borderLeftColor: 'var(--warning)', backgroundColor: 'var(--warning-ground)' },
  '.cm-note-info': { borderLeftColor: 'var(--info)', backgroundColor: 'var(--info-ground)' },
  '.cm-note button': {
    font: 'inherit', color: 'var(--link)', background: 'none', border: 'none', padding: '0 2px', marginLeft: '8px', cursor: 'pointer',
    textDecoration: 'underline', borderRadius: '3px',
  },
  '.cm-panels-top': { borderBottom: '1px solid var(--st-border-color)' },
  '.cm-panels-bottom': { borderTop: '1px solid var(--st-border-color)' },
  '.cm-panel.cm-search': { font: '13px/1.6 var(--st-font)', padding: '6px 28px 6px 8px' },
  '.cm-panel.cm-search label': { fontSize: '13px' },
  '.cm-panel.cm-search [name=close]': { color: 'inherit', fontSize: '18px', padding: '2px 6px' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '.cm-textfield::placeholder': { color: 'var(--quiet)' },
  '.cm-textfield': { backgroundColor: 'transparent', color: 'inherit', border: '1px solid var(--quiet)', fontSize: '13px' },
  '.cm-button': { background: 'none', color: 'inherit', border: '1px solid var(--quiet)', borderRadius: '4px', fontSize: '13px' },
  '.cm-panel.cm-panel-lint ul [aria-selected]': { background: 'var(--selection)' },
});

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.controlKeyword, t.definitionKeyword, t.moduleKeyword, t.self], color: 'var(--keyword)' },
  { tag: [t.string, t.special(t.string), t.escape], color: 'var(--string)' },
  { tag: [t.number, t.bool, t.null, t.atom], color: 'var(--number)' },
  { tag: t.comment, color: 'var(--quiet)', fontStyle: 'italic' },
  { tag: [t.function(t.definition(t.variableName)), t.definition(t.className)], color: 'var(--name)', fontWeight: '600' },
  { tag: [t.function(t.variableName), t.meta], color: 'var(--name)' },
  { tag: t.invalid, color: 'var(--error)' },
]);

/* Rule 3: an editor's name -> the {code, rev, session} last typed, until Python shows that it has it. On the window, as each return
   to the page evaluates this module anew. */
const UNSENT = 'refinescope.unsent';  // in the tab's storage: name -> {text, bases}, as assets/draft writes it, too
const unconfirmed = (globalThis.refinescopeUnconfirmed ??= new Map());
const gone = (globalThis.refinescopeGone ??= new Map());  // an editor's name -> the `at` of the last line that it went to

/* A line that wraps goes on four characters further in than it begins. */
const hanging = ViewPlugin.fromClass(class {
  constructor(view) { this.decorations = this.indent(view); }

  update(update) {
    if (update.docChanged || update.viewportChanged) this.decorations = this.indent(update.view);
  }

  indent(view) {
    const lines = [];
    for (const { from, to } of view.visibleRanges) {
      for (let at = from; at <= to;) {
        const line = view.state.doc.lineAt(at);
        const width = /^ */.exec(line.text)[0].length + 4;
        const style = `text-indent: -${width}ch; padding-left: calc(${width}ch + 6px)`;
        lines.push(Decoration.line({ attributes: { style } }).range(line.from));
        at = line.to + 1;
      }
    }
    return Decoration.set(lines);
  }
}, { decorations: (plugin) => plugin.decorations });

/* A signature: what stands behind a colon is a type, and an arrow parts inputs from outputs. */
const signature = StreamLanguage.define({
  startState: () => ({ type: false, depth: 0 }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.match('->')) { state.type = false; return 'keyword'; }
    if (stream.match(/'[^']*'?|"[^"]*"?/)) return 'string';
    if (stream.match(/[\p{L}\p{N}_.]+/u)) return state.type ? 'type' : null;
    const sign = stream.next();
    if (sign === ':') state.type = true;
    if (sign === '[') state.depth += 1;
    if (sign === ']') state.depth -= 1;
    if (sign === ',' && state.depth <= 0) state.type = false;
    return state.type ? 'type' : null;
  },
  tokenTable: { type: t.typeName },
});
const LANGUAGES = { python: new LanguageSupport(pythonLanguage), signature: new LanguageSupport(signature) };

const setNotes = StateEffect.define();
const notes = StateField.define({
  create: () => Decoration.none,
  update(held, tr) {
    return tr.effects.reduce((now, one) => (one.is(setNotes) ? one.value : now), held.map(tr.changes));
  },
  provide: (field) => EditorView.decorations.from(field),
});

/* The messages under a line, with their fixes. */
class Note extends WidgetType {
  constructor(problems, choose) {
    super();
    this.problems = problems;
    this.choose = choose;
  }

  eq(other) { return JSON.stringify(this.problems) === JSON.stringify(other.problems); }

  toDOM() {
    const box = document.createElement('div');
    for (const { message, severity, fixes } of this.problems) {
      const note = element('div', `cm-note cm-note-${severity}`, box, message);
      for (const label of fixes) {
        const fix = element('button', '', note, label);
        fix.type = 'button';
        fix.addEventListener('mousedown', (event) => event.preventDefault());
        fix.addEventListener('click', () => this.choose(label));
      }
    }
    return box;
  }

  ignoreEvent() { return true; }
}

const loaded = Annotation.define();  // marks a change made by Python, which need not be told about it

function element(tag, className, parent, text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

/** The diagnostic of a problem: all positions 1-based, columns in code points, `end` behind the last; each may be null. */
function diagnostic(doc, { line, column, end, message, severity }) {
  const { from, to, text } = doc.line(Math.min(Math.max(line ?? 1, 1), doc.lines));
  const indent = text.length - text.trimStart().length;
  const skipped = column == null ? indent : [...text].slice(0, Math.max(column - 1, 0)).join('').length;
  const rest = text.slice(skipped);
  const named = end > column ? [...rest].slice(0, end - column).join('') : /^(\w+|\S)/.exec(rest)?.[0];
  const length = column == null ? rest.trimEnd().length : (named?.length ?? 0);
  // Nothing to underline there (the end of a line, say): take the whole line.
  if (!length) return { from: from + indent, to, severity, message };
  return { from: from + skipped, to: from + skipped + length, severity, message };
}

class Editor {
  constructor(root, data) {
    this.name = data.name;
    this.rev = data.rev;
    this.known = data.code;  // the text that Python has
    this.sent = [];  // what it was sent since it last said what it has
    this.marked = null;  // what the marks were made from
    this.noted = [];  // the problems that are noted under their lines
    this.timer = undefined;
    this.listening = new AbortController();
    this.changeable = new Compartment();
    this.session = data.session;
    const typed = findTyped(data);
    const inLine = data.look === 'line';

    element('style', '', root, CHROME);
    this.host = element('div', `editor ${data.look} ${data.language}`, root);
    const head = element('div', 'head', this.host);
    this.label = element('div', 'label', head);
    this.hint = element('div', 'hint', head);
    this.frame = element('div', 'frame', this.host);
    this.problems = element('ul', 'unseen', this.host);
    this.label.id = 'label';
    this.hint.id = 'hint';
    this.problems.id = 'problems';
    this.problems.setAttribute('aria-live', 'polite');
    this.label.addEventListener('click', () => this.view.focus());

    this.view = new EditorView({
      parent: this.frame,
      root,
      state: EditorState.create({
        doc: typed?.code ?? data.code,
        extensions: [
          Prec.highest(keymap.of(['Mod-Enter', 'Ctrl-Enter'].map((key) => ({ key, run: () => this.run() })))),
          ...(inLine ? [] : [hanging, lineNumbers(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter()]),
          highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(), search({ top: true }),
          EditorView.lineWrapping, bidiIsolates(), notes, placeholder(data.placeholder ?? ''),
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap, ...(inLine ? [] : [indentWithTab])]),
          // Last, so that Escape first closes a panel. Not for two seconds, as CodeMirror has it, but until typing.
          Prec.lowest(keymap.of([{ key: 'Escape', run: (view) => { view.setTabFocusMode(true); return true; } }])),
          indentUnit.of('    '), EditorState.tabSize.of(4), theme, syntaxHighlighting(colours),
          EditorView.updateListener.of((update) => this.changed(update)),
          EditorView.domEventHandlers({
            focus: (_, view) => { view.setTabFocusMode(false); this.later(); },
            blur: () => { this.flush(); this.later(); },
          }),
          this.changeable.of([]),
        ],
      }),
    });

    const { signal } = this.listening;
    // Before a button's own handler runs, hence the capture phase; `click` alone is what assistive technology sends.
    for (const type of ['pointerdown', 'click', 'keydown']) {
      const outside = (event) => { if (!event.composedPath().includes(this.host)) this.flush(); };
      document.addEventListener(type, outside, { capture: true, signal });
    }
    document.addEventListener('visibilitychange', () => this.flush(), { signal });
    window.addEventListener('pagehide', () => this.leave(), { signal });
    const refill = () => { if (this.height === 'fill') this.fill(); };
    window.addEventListener('resize', refill, { signal });
    this.around = new ResizeObserver(refill);  // what stands above may grow
    for (let node = root.host ?? root; node; node = node.parentElement) this.around.observe(node);

    // A plain letter typed here is not a shortcut of the page ("r" reruns, "c" clears the cache).
    this.host.addEventListener('keydown', (event) => {
      // Nor is Ctrl-Enter: the editor sends it itself, with the text.
      const own = event.key === 'Enter' || event.key === 'Escape';
      if (own || (!event.ctrlKey && !event.metaKey && !event.altKey)) event.stopPropagation();
    });
  }

  /** What Python says at a rerun. */
  update(data, setStateValue, setTriggerValue) {
    if (data.code === this.sent.at(-1)) this.sent = [];
    this.data = data;
    this.setState = setStateValue;
    this.setTrigger = setTriggerValue;
    this.page = location.pathname;
    this.host.classList.toggle('dark', isDark(this.host));
    this.label.textContent = data.label;
    const tab = data.look === 'line' ? '' : 'Tab indents; Escape, then Tab, leaves. ';
    this.hint.textContent = data.readonly ? 'Read only.' : `${tab}Ctrl-Enter runs.`;
    this.size(data);
    this.configure(data);
    const again = this.session !== data.session;
    this.session = data.session;
    if (again) this.goOn(data);
    else if (data.rev !== this.rev) this.load(data);
    this.confirm(data);
    this.mark(data);
    this.go(data.goto);
  }

  /** Take the cursor to a line that was pressed elsewhere on the page. */
  go(goto) {
    if (!goto || gone.get(this.name) === goto.at) return;
    gone.set(this.name, goto.at);
    const { doc } = this.view.state;
    const { from } = doc.line(Math.min(Math.max(goto.line, 1), doc.lines));
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    this.view.focus();
    this.frame.scrollIntoView({ block: 'nearest' });
  }

  /** height: a CSS length; in a "line" the most that it grows to; "fill" for what is left above `below` pixels of other things. */
  size({ height, look, below }) {
    this.below = below;
    if (height === 'fill') this.fill();
    if (height === this.height) return;
    this.height = height;
    if (look === 'line') this.view.scrollDOM.style.maxHeight = height;
    else if (height !== 'fill') this.frame.style.height = height;
  }

  /** Take the height that is left on the screen, and never fewer than MIN_LINES lines. What a person dragged stays until it changes. */
  fill() {
    let scrolled = 0;
    for (let node = this.host; node; node = node.parentNode ?? node.host) scrolled += node.scrollTop ?? 0;
    const top = this.frame.getBoundingClientRect().top + scrolled;
    const left = Math.floor(window.innerHeight - top - this.below);
    const height = Math.max(left, MIN_LINES * LINE_PX + PADDING_PX);
    if (height === this.filled) return;
    this.filled = height;
    this.frame.style.height = `${height}px`;
  }

  /** Rule 3: forget what Python has, or has replaced; begin again with what it never got. */
  confirm({ code, rev }) {
    const typed = unconfirmed.get(this.name);
    if (!typed) return;
    if (typed.rev !== rev || typed.code === code) unconfirmed.delete(this.name);
    else if (this.known !== typed.code) this.flush();
  }

  /** Rule 3, where the app was started again: it may never have got what was typed since, and its count of replacements begins anew. */
  goOn({ code, rev, readonly }) {
    if (readonly) return this.load({ code, rev });
    this.rev = rev;
    this.known = code;
    this.sent = [];
    this.flush();
  }

  configure({ label, language, readonly, problems }) {
    const invalid = problems.length > 0;
    const wanted = JSON.stringify([label, language, readonly, invalid, this.host.className]);
    if (wanted === this.configured) return;
    this.configured = wanted;
    this.view.dispatch({
      effects: this.changeable.reconfigure([
        LANGUAGES[language] ?? [],
        EditorState.readOnly.of(readonly),
        EditorView.darkTheme.of(this.host.classList.contains('dark')),
        EditorView.contentAttributes.of({
          'aria-label': label, 'aria-labelledby': 'label', 'aria-describedby': 'hint problems',
          'aria-readonly': String(readonly), 'aria-invalid': String(invalid),
          tabindex: '0',  // it has the focus without that too, but axe does not count an editable text as focusable
        }),
      ]),
    });
  }

  /** Replace the text by Python's. One undo brings the old one back. */
  load({ code, rev }) {
    clearTimeout(this.timer);
    this.sent = [];
    this.rev = rev;
    this.known = code;
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: code },
      selection: { anchor: 0 },
      scrollIntoView: true,
      annotations: [loaded.of(true), isolateHistory.of('full')],
    });
  }

  /** Show the problems, unless they were found in a text that is no longer the one shown: newer ones are on their way. */
  mark({ code, problems }) {
    const made = JSON.stringify([code, problems]);
    const { state } = this.view;
    if (made === this.marked || state.doc.toString() !== code) return;
    this.marked = made;
    this.noted = problems.filter((problem) => problem.note);
    this.view.dispatch(setDiagnostics(state, problems.map((problem) => diagnostic(state.doc, problem))));
    this.note();
    const said = problems.map(({ line, message }) => (line == null ? message : `Line ${line}: ${message}`));
    if (said.join() === this.said) return;
    this.said = said.join();
    this.problems.replaceChildren();
    for (const sentence of said) element('li', '', this.problems, sentence);
  }

  /** Write the messages under their lines, but not where somebody types. */
  note() {
    const { doc, selection } = this.view.state;
    const typing = this.view.hasFocus ? doc.lineAt(selection.main.head).number : 0;
    const byLine = new Map();
    for (const problem of this.noted) {
      const number = Math.min(Math.max(problem.line ?? 1, 1), doc.lines);
      if (number !== typing) byLine.set(number, [...(byLine.get(number) ?? []), problem]);
    }
    const shown = JSON.stringify([...byLine]);
    if (shown === this.shown) return;
    this.shown = shown;
    const choose = (label) => { this.flush(); this.setTrigger('fix', { label }); };
    const drawn = [...byLine].flatMap(([number, problems]) => {
      const { from, to } = doc.line(number);
      const severity = ['error', 'warning', 'info'].find((one) => problems.some((problem) => problem.severity === one));
      return [
        Decoration.line({ class: `cm-noted-${severity}` }).range(from),
        Decoration.widget({ widget: new Note(problems, choose), block: true, side: 1 }).range(to),
      ];
    });
    this.view.dispatch({ effects: setNotes.of(Decoration.set(drawn, true)) });
  }

  /** After what CodeMirror does now; it cannot be changed in the middle of an update. */
  later() {
    cancelAnimationFrame(this.frameOfNotes);
    this.frameOfNotes = requestAnimationFrame(() => this.view && this.note());
  }

  changed(update) {
    if (update.selectionSet && this.noted.length) this.later();
    if (!update.docChanged) return;
    this.view.setTabFocusMode(false);
    this.marked = null;
    if (update.transactions.some((tr) => tr.annotation(loaded))) return;
    const now = performance.now();
    // Python learns at once that somebody types, where what is around may end in the next moment.
    if (this.data.eager && !(now - this.typedAt < FLUSH_AFTER_MS)) this.flush();
    this.typedAt = now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), FLUSH_AFTER_MS);
  }

  /** Tell Python the text, if it does not have it. */
  flush() {
    clearTimeout(this.timer);
    const code = this.view.state.doc.toString();
    if (code === this.known) {
      this.mark(this.data);  // what was typed and taken back took the marks with it
      return;
    }
    this.keep();
    if (location.pathname !== this.page) return;  // Back was pressed; to tell Python now would undo that
    this.known = code;
    this.sent.push(code);
    this.setState('draft', { code, rev: this.rev });
  }

  /** Rule 4. bases: the texts of which Python may have one; where it has another by then, this one is out of date. */
  leave() {
    const text = this.view.state.doc.toString();
    if (text === this.data.code) return;
    try {
      const unsent = JSON.parse(sessionStorage.getItem(UNSENT) ?? '{}');
      unsent[this.name] = { text, bases: [this.data.code, ...this.sent] };
      sessionStorage.setItem(UNSENT, JSON.stringify(unsent));
    } catch { /* no storage, or none left: what was sent may still arrive */ }
  }

  keep() {
    unconfirmed.set(this.name, { code: this.view.state.doc.toString(), rev: this.rev, session: this.session });
  }

  run() {
    this.flush();
    this.setTrigger('run', true);
    return true;
  }

  destroy() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frameOfNotes);
    if (this.view.state.doc.toString() !== this.known) this.keep();
    this.listening.abort();
    this.around.disconnect();
    this.view.destroy();
  }
}

/** What was typed into an editor that comes back, and that Python has not confirmed; in an app that was started again, whatever it now calls the form around. */
function findTyped(data) {
  const { name, rev, session } = data;
  const own = unconfirmed.get(name);
  if (own?.session === session) return own.rev === rev ? own : undefined;
  const kin = (one) => one.replace(/\.\d+\./, '..');  // "lab.1.stage.0.instructions": the form's number begins anew
  const [other, typed] = [...unconfirmed].find(([one, { session: of }]) => of !== session && kin(one) === kin(name)) ?? [];
  if (!typed) return takeLeft(data);
  unconfirmed.delete(other);
  unconfirmed.set(name, { code: typed.code, rev, session });
  return typed;
}

/** What the page before left in the tab's storage (see `leave`), where Python still has a text that it was typed over. The Lab's form takes its own: assets/draft. */
function takeLeft({ name, code, rev, session }) {
  if (name.startsWith('lab')) return undefined;
  try {
    const { [name]: left, ...others } = JSON.parse(sessionStorage.getItem(UNSENT) ?? '{}');
    if (!left) return undefined;
    if (Object.keys(others).length) sessionStorage.setItem(UNSENT, JSON.stringify(others));
    else sessionStorage.removeItem(UNSENT);
    if (!left.bases.includes(code)) return undefined;
    unconfirmed.set(name, { code: left.text, rev, session });
    return { code: left.text };
  } catch { return undefined; }
}

/** Whether the page behind the element is dark, whatever theme made it so. */
function isDark(host) {
  const [red, green, blue] = getComputedStyle(host).backgroundColor.match(/[\d.]+/g).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

const editors = new WeakMap();

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  if (!editors.has(parentElement)) editors.set(parentElement, new Editor(parentElement, data));
  const editor = editors.get(parentElement);
  editor.update(data, setStateValue, setTriggerValue);
  // Streamlit also calls this for a call that a newer one overtook, while the editor is still in use.
  return () => setTimeout(() => {
    if (editor.host.isConnected) return;
    editors.delete(parentElement);
    editor.destroy();
  });
}
