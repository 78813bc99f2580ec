import { Link } from '@tanstack/react-router'
import { Page } from '../parts/page.tsx'

export function NotFound() {
  return <Page title="There is nothing here"><p>Go <Link to="/">home</Link>, or choose a screen in the menu.</p></Page>
}
