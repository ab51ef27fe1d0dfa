/** An element of the page, which has it. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** Makes an element. All that comes from a cluster gets into the page as text here, and in no other way. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K, attributes: { readonly [name: string]: string } = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) { made.setAttribute(key, value); }
  made.append(...children);
  return made;
}

/** A link to where logs are kept, if that is one of the web. */
export function link(url: string, text: string): HTMLAnchorElement | undefined {
  return /^https?:\/\//.test(url) ? element('a', { href: url, rel: 'noreferrer' }, text) : undefined;
}

/** Changes a text only where it is another: screen readers say again what is written again. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) { node.textContent = text; }
}
