import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(__dirname, '..', '..');
const ours = join(root, 'dist', 'index.d.ts');

// What a user sees of a changed import or of an alias. That the programs compile with the types they were written for, is
// what `tsc -p test` says.
test.each([
  ['prom-client', 'prom-client.ts'],
  ['@prometheus-io/client', 'successor.ts'],
])('a program in the types of %s compiles with ours', (name, program) => {
  const compiled = ts.createProgram([join(__dirname, program)], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node20,
    types: [],
    paths: { [name]: [ours] },
  });
  const problems = ts
    .getPreEmitDiagnostics(compiled)
    .map(({ file, start = 0, messageText }) => [
      file?.fileName.replace(`${root}/`, ''),
      file && file.getLineAndCharacterOfPosition(start).line + 1,
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    ]);

  expect(compiled.getSourceFile(ours)).toBeDefined();
  expect(problems).toEqual([]);
});
