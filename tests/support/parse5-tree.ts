// The tree that npm parse5 gives a page or a fragment, in html5lib's `#document` form, and where two such forms part.
// Scripting is off.
import { defaultTreeAdapter, html as names, Parser, parse, parseFragment, type DefaultTreeAdapterTypes as Types } from 'parse5';

export function parse5Tree(text: string): string {
  return dump(parse(text, { scriptingEnabled: false }));
}

/** `context` as html5lib writes it: `td`, `svg foreignObject`, `math mi`. */
export function parse5Fragment(text: string, context: string): string {
  const [space, name] = context.includes(' ') ? (context.split(' ') as [string, string]) : ['html', context];
  const uri = space === 'svg' ? names.NS.SVG : space === 'math' ? names.NS.MATHML : names.NS.HTML;
  return dump(parseFragment(defaultTreeAdapter.createElement(name, uri, []), text, { scriptingEnabled: false }));
}

/** Without recursion: pages nest deeper than a stack. */
function dump(root: Types.ParentNode): string {
  const lines: string[] = [];
  const stack: { node: Types.Node; depth: number }[] = [...root.childNodes].reverse().map((node) => ({ node, depth: 0 }));
  while (stack.length > 0) {
    const { node, depth } = stack.pop()!;
    const indent = `| ${'  '.repeat(depth)}`;
    if (node.nodeName === '#documentType') {
      const type = node as Types.DocumentType;
      const ids = type.publicId !== '' || type.systemId !== '' ? ` "${type.publicId}" "${type.systemId}"` : '';
      lines.push(`${indent}<!DOCTYPE ${type.name}${ids}>`);
    } else if (node.nodeName === '#text') {
      lines.push(`${indent}"${(node as Types.TextNode).value}"`);
    } else if (node.nodeName === '#comment') {
      lines.push(`${indent}<!-- ${(node as Types.CommentNode).data} -->`);
    } else {
      const element = node as Types.Element;
      const space = element.namespaceURI === names.NS.SVG ? 'svg ' : element.namespaceURI === names.NS.MATHML ? 'math ' : '';
      lines.push(`${indent}<${space}${element.tagName}>`);
      const attributes = element.attrs.map((a) => [a.prefix ? `${a.prefix} ${a.name}` : a.name, a.value] as const);
      if (attributes.length > 1) attributes.sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])));
      for (const [name, value] of attributes) lines.push(`${indent}  ${name}="${value}"`);
      let children = element.childNodes;
      let below = depth + 1;
      if ('content' in element) {
        lines.push(`${indent}  content`);
        children = (element as Types.Template).content.childNodes;
        below++;
      }
      for (let i = children.length - 1; i >= 0; i--) stack.push({ node: children[i]!, depth: below });
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

export interface Difference {
  /** Elements from the root to the place, such as `html > body > select`. */
  readonly path: readonly string[];
  readonly ours: string;
  readonly theirs: string;
}

/** The first line in which two forms differ, with the elements above it; null where they are equal. */
export function firstDifference(ours: string, theirs: string): Difference | null {
  if (ours === theirs) return null;
  const a = ours.split('\n');
  const b = theirs.split('\n');
  let at = 0;
  while (a[at] === b[at]) at++;
  const indent = (line: string | undefined) => {
    const found = /^\| ( *)</.exec(line ?? '');
    return found === null ? -1 : found[1]!.length;
  };
  const depths = [indent(a[at]), indent(b[at])].filter((depth) => depth >= 0);
  let depth = depths.length > 0 ? Math.max(...depths) : Number.POSITIVE_INFINITY;
  const path: string[] = [];
  for (let line = at - 1; line >= 0 && depth > 0; line--) {
    const found = indent(a[line]);
    if (found < 0 || found >= depth) continue;
    depth = found;
    path.unshift(a[line]!.slice(3 + found, -1));
  }
  return { path, ours: (a[at] ?? '').slice(0, 300), theirs: (b[at] ?? '').slice(0, 300) };
}

export function describeDifference(name: string, difference: Difference): string {
  return `${name}: ${difference.path.join(' > ')}\n  ours:   ${difference.ours}\n  parse5: ${difference.theirs}`;
}

/** Whether the newer rules for <select> alone explain a difference: with the tags of those rules renamed the trees are equal. */
export function onlySelectDiffers(text: string, tree: (text: string) => string): boolean {
  return equalOnceRenamed(text, /<(\/?)(select|option|optgroup)(?=[\s/>])/gi, tree);
}

/**
 * parse5 8.1 lets `</tbody>`, `</tfoot>` or `</thead>` close a row of a table that has no such element open. The standard
 * ignores the tag (13.2.6.4.14). Whether that alone explains a difference.
 */
export function onlyEndOfRowsDiffers(text: string, tree: (text: string) => string): boolean {
  return equalOnceRenamed(text, /<(\/)(tbody|tfoot|thead)(?=[\s/>])/gi, tree);
}

function equalOnceRenamed(text: string, tags: RegExp, tree: (text: string) => string): boolean {
  const renamed = text.replace(tags, '<$1x-$2');
  return renamed !== text && tree(renamed) === parse5Tree(renamed);
}

interface OpenElements {
  readonly items: readonly Types.Element[];
  readonly stackTop: number;
  slotBelow(at: number): number;
  hasInTableScope(tag: number): boolean;
  hasTableBodyContextInTableScope(): boolean;
}

/** parse5 8.1 forgets that a <template> ends table scope (13.2.4.2): with this it does not. */
export function endTableScopeAtTemplates(): void {
  const prototype = Object.getPrototypeOf(new Parser<Types.DefaultTreeAdapterMap>().openElements) as OpenElements;
  const find = (open: OpenElements, tags: readonly string[]): boolean => {
    for (let i = open.stackTop; i >= 0; i = open.slotBelow(i)) {
      const element = open.items[i]!;
      if (element.namespaceURI !== names.NS.HTML) continue;
      if (tags.includes(element.tagName)) return true;
      if (['html', 'table', 'template'].includes(element.tagName)) return false;
    }
    return false;
  };
  const nameOf = new Map(Object.entries(names.TAG_NAMES).map(([key, name]) => [names.TAG_ID[key as keyof typeof names.TAG_ID] as number, name as string]));
  prototype.hasInTableScope = function (this: OpenElements, tag: number) {
    return find(this, [nameOf.get(tag)!]);
  };
  prototype.hasTableBodyContextInTableScope = function (this: OpenElements) {
    return find(this, ['tbody', 'thead', 'tfoot']);
  };
}
