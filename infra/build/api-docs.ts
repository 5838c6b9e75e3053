// `npm run docs:api`: the library's reference as Markdown in build/api/, read off the sources by TypeScript's compiler: every
// exported name with its signature and its comment. Generated, not committed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { packagePath } from '../../native/package-root.js';

export const ENTRIES = {
  library: { file: 'pipeline/library.ts', title: "`import { ... } from 'refine'`" },
  loader: { file: 'pipeline/loader/library.ts', title: "`import { ... } from 'refine/loader'`" },
  stage: { file: 'stages/contract/stage.ts', title: 'The contract of a stage' },
} as const;

export interface Described {
  readonly name: string;
  readonly kind: string;
  readonly signature: string;
  readonly about: string;
}

export function describe(names: readonly string[]): Map<string, Described[]> {
  const { config } = ts.readConfigFile(packagePath('tsconfig.json'), ts.sys.readFile) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, packagePath());
  const paths = names.map((name) => packagePath(name));
  const { tsBuildInfoFile: _, ...rest } = options;
  const program = ts.createProgram(paths, { ...rest, noEmit: true, incremental: false });
  const checker = program.getTypeChecker();
  const found = new Map<string, Described[]>();
  for (const [at, path] of paths.entries()) {
    const source = program.getSourceFile(path);
    const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (symbol === undefined) throw new Error(`${names[at]} exports nothing`);
    found.set(
      names[at]!,
      checker
        .getExportsOfModule(symbol)
        .map((exported) => describeSymbol(checker, exported))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    );
  }
  return found;
}

function describeSymbol(checker: ts.TypeChecker, exported: ts.Symbol): Described {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const declaration = symbol.declarations?.[0];
  const about = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
  if (declaration === undefined) return { name: exported.name, kind: 'value', signature: exported.name, about };
  return { name: exported.name, kind: kindOf(declaration), signature: signatureOf(declaration), about };
}

function kindOf(node: ts.Declaration): string {
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isClassDeclaration(node)) return 'class';
  if (ts.isInterfaceDeclaration(node)) return 'interface';
  return ts.isTypeAliasDeclaration(node) ? 'type' : 'constant';
}

/** The declaration as written, bodies and private members left out. */
function signatureOf(node: ts.Declaration): string {
  const source = node.getSourceFile();
  const text = (part: ts.Node): string => source.text.slice(part.getStart(source, false), part.end);
  if (ts.isFunctionDeclaration(node)) return head(text(node), node.body, node.getStart(source, false));
  if (ts.isClassDeclaration(node)) {
    const members = node.members.filter((member) => !isPrivate(member)).map((member) => `  ${commented(member, source)}${memberText(member, source)}`);
    return `${source.text.slice(node.getStart(source, false), node.members.pos).trim()}\n${members.join('\n')}\n}`;
  }
  if (ts.isVariableDeclaration(node)) return node.type === undefined ? `const ${text(node.name)}` : `const ${text(node.name)}: ${text(node.type)}`;
  return text(node);
}

function memberText(member: ts.ClassElement, source: ts.SourceFile): string {
  const body = (member as { body?: ts.Node }).body;
  return head(source.text.slice(member.getStart(source, false), member.end), body, member.getStart(source, false));
}

function commented(member: ts.Node, source: ts.SourceFile): string {
  const comment = ts.getJSDocCommentsAndTags(member)[0];
  return comment === undefined ? '' : `${source.text.slice(comment.pos, comment.end).replace(/\s+/g, ' ')}\n  `;
}

function isPrivate(member: ts.ClassElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return true;
  return ts.canHaveModifiers(member) && (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
}

function head(text: string, body: ts.Node | undefined, start: number): string {
  return body === undefined ? text : `${text.slice(0, body.pos - start).trimEnd()};`;
}

export function pageOf(title: string, file: string, names: readonly Described[]): string {
  const parts = names.map(({ name, kind, signature, about }) => `## ${name}\n\n${about === '' ? '' : `${about}\n\n`}${kind}\n\n\`\`\`ts\n${signature}\n\`\`\``);
  return `${[`# ${title}`, `Made from ${file} by \`npm run docs:api\`.`, ...parts].join('\n\n')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = packagePath('build', 'api');
  mkdirSync(folder, { recursive: true });
  const found = describe(Object.values(ENTRIES).map(({ file }) => file));
  for (const [name, { file, title }] of Object.entries(ENTRIES)) {
    const names = found.get(file)!;
    writeFileSync(join(folder, `${name}.md`), pageOf(title, file, names));
    console.log(`build/api/${name}.md: ${names.length} names, ${names.filter(({ about }) => about !== '').length} with a comment`);
  }
}
