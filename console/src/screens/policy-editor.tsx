import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useComputedColorScheme } from '@mantine/core'
import { tags } from '@lezer/highlight'
import type { Problem } from '@sallyport/contract'
import { basicSetup } from 'codemirror'
import { useEffect, useRef } from 'react'
import { policyOptions, type Schema } from './policy-options.ts'

export interface PolicyEditorProps {
  readonly text: string
  readonly readOnly: boolean
  readonly problems: readonly Problem[]
  /** What completion offers; nothing until it is there. */
  readonly schema: Schema | undefined
  readonly onChange: (text: string) => void
}

const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''

export function PolicyEditor({ text, readOnly, problems, schema, onChange }: PolicyEditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const editor = useRef<EditorView>(null)
  const changed = useRef(onChange)
  changed.current = onChange
  const offered = useRef(schema)
  offered.current = schema
  const colours = useRef(new Compartment())
  const dark = useComputedColorScheme('light') === 'dark'
  useEffect(() => {
    if (place.current === null) return undefined
    // One function: each other one would be another source.
    const completion = [{ autocomplete: (context: CompletionContext) => complete(context, offered.current) }]
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          basicSetup, yaml(), lintGutter(), EditorView.cspNonce.of(nonce), EditorState.readOnly.of(readOnly),
          EditorState.languageData.of(() => completion),
          EditorView.contentAttributes.of({ 'aria-label': 'policy document' }), colours.current.of(themeOf(dark)),
          EditorView.updateListener.of(({ docChanged, state }) => docChanged && changed.current(state.doc.toString())),
        ],
      }),
    })
    // Scrolled with the keyboard too.
    view.scrollDOM.tabIndex = 0
    editor.current = view
    return () => view.destroy()
    // What somebody is writing stays when a new version comes into force meanwhile.
  }, [readOnly])
  useEffect(() => {
    editor.current?.dispatch({ effects: colours.current.reconfigure(themeOf(dark)) })
  }, [dark])
  useEffect(() => {
    const view = editor.current
    if (view === null) return
    view.dispatch(setDiagnostics(view.state, problems.map((problem) => markOf(view.state, problem))))
    const [first] = problems
    // Whoever is writing stays where they are.
    if (first?.line !== undefined && !view.hasFocus) view.dispatch({ effects: EditorView.scrollIntoView(markOf(view.state, first).from, { y: 'center' }) })
  }, [problems])
  return <div className="editor" ref={place} />
}

/** Offered by itself while a word is written, elsewhere when Ctrl-Space asks for it. */
function complete({ state, pos, explicit }: CompletionContext, schema: Schema | undefined): CompletionResult | null {
  const found = schema && policyOptions(state.doc.toString(), pos, schema)
  if (found === undefined || (found.word === '' && !explicit)) return null
  return {
    from: pos - found.word.length, validFor: /^[\w.-]*$/,
    options: found.options.map(({ label, kind, required }, index) => ({
      label, type: kind === 'key' ? 'property' : kind === 'word' ? 'enum' : 'variable', boost: -index, ...(kind === 'key' && { apply: state.sliceDoc(pos, pos + 1) === ':' ? label : `${label}: ` }), ...(required && { detail: 'must be there' }),
    })),
  }
}

const PLACES = { '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--mantine-color-dimmed)' }, '.cm-activeLine': { backgroundColor: 'transparent' } }

/** Colours that are read on the page's own ground (WCAG 2.2 AA). */
function themeOf(dark: boolean) {
  const [name, comment, text] = dark ? ['#7fd3c8', '#b3b9bf', '#f0b27a'] : ['#0b5d57', '#5a6168', '#8a3b00']
  const words = HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.keyword], color: name },
    { tag: tags.comment, color: comment },
    { tag: [tags.string, tags.number, tags.bool], color: text },
  ])
  return [EditorView.theme(PLACES, { dark }), syntaxHighlighting(words)]
}

function markOf({ doc }: EditorState, { line = 1, column = 1, message }: Problem): Diagnostic {
  const at = doc.line(Math.min(doc.lines, Math.max(1, line)))
  const from = Math.min(at.to, at.from + Math.max(0, column - 1))
  return { from, to: Math.max(from, at.to), severity: 'error', message }
}
