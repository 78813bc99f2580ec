import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const harbour: MantineColorsTuple = ['#e6f6f4', '#d2ebe8', '#a5d8d2', '#74c4bb', '#4eb2a8', '#36a79c', '#0f7c72', '#0b6b62', '#0b5d57', '#034d47']

const red: MantineColorsTuple = ['#fdecea', '#fbdad7', '#f5b5b0', '#f28b82', '#f28b82', '#ee675c', '#c5221f', '#b3261e', '#a50e0e', '#8c0d0d']

/** Shades dark enough that white on them, and they on white, are read (WCAG 2.2 AA). */
export const theme = createTheme({
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 6 },
  colors: { harbour, red },
  fontFamily: 'system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "DejaVu Sans Mono", monospace',
  defaultRadius: 'sm',
  cursorType: 'pointer',
})

/** Small grey text that is still read. */
export const variables: CSSVariablesResolver = () => ({
  variables: {}, light: { '--mantine-color-dimmed': '#565e66', '--mantine-color-placeholder': '#5f676f' }, dark: { '--mantine-color-error': '#f28b82', '--mantine-color-dimmed': '#adb5bd', '--mantine-color-placeholder': '#a0a8b0' },
})
