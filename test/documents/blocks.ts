import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root: string = join(__dirname, '..', '..');

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** The word behind the fence; '' without one. */
  readonly language: string;
  readonly text: string;
}

/** A command that a document names, in a block or in a sentence. */
export interface Command {
  readonly document: string;
  readonly text: string;
}

/** What users read; CONTRIBUTING.md names the commands of those who change the package. */
const documents = [
  'README.md',
  ...markdownIn('docs'),
  ...readdirSync(join(root, 'deploy'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `deploy/${file}`),
];

const fence = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;
const programs =
  'npx|node|npm|pnpm|yarn|bun|deno|pm2|promtool|amtool|prometheus|kubectl|docker|systemctl|curl|esbuild';

export const blocks: readonly Block[] = documents.flatMap((document) =>
  [...read(document).matchAll(fence)].map(([, language = '', text = '']) => ({ document, language, text })),
);

/** Each once. */
export const commands: readonly Command[] = distinct([
  ...blocks.flatMap(({ document, language, text }) =>
    commandsIn(language, text).map((command) => ({ document, text: command })),
  ),
  ...documents.flatMap((document) =>
    [
      ...read(document)
        .replace(fence, '')
        .matchAll(new RegExp(`\`((?:${programs}) [^\`]+)\``, 'g')),
    ].map(([, text = '']) => ({ document, text: text.replaceAll(/\s+/g, ' ') })),
  ),
]);

/** The lines of a shell, and those behind the prompt of a dialogue. */
function commandsIn(language: string, text: string): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  const typed = /^(sh|bash)$/.test(language)
    ? lines
    : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return typed.map((line) => line.replace(/\s+#.*$/, '')).filter((line) => line !== '');
}

function distinct(all: readonly Command[]): Command[] {
  return [...new Map(all.map((command) => [command.text, command])).values()];
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}
