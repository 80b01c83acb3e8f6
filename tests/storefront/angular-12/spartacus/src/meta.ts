// What the server that serves the build has written into the page for this visit.

/** The JSON in a meta element, or an empty object where the placeholder still stands. */
export function fromMeta(name: string): Record<string, unknown> {
  const text = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
  return text.startsWith('{') ? JSON.parse(text) : {};
}
