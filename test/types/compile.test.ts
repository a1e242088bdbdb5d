import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';

const root = join(__dirname, '..', '..');
const ours = join(root, 'dist', 'declarations.d.ts');

/** Each program with the name that stands for this library in it. */
const programs: readonly (readonly [name: string, program: string])[] = [
  ['prom-client', 'prom-client.ts'],
  ['@prometheus-io/client', 'successor.ts'],
  ['prom-client-mmap', 'passing.ts'],
  ['prom-client', 'augmenting.ts'],
];

// A user's view after a changed import or through an alias, without the types of Node. `tsc -p test` compiles the programs with the
// types that they were written for, but for augmenting.ts.
describe.each([true, false])('with skipLibCheck: %s', (skipLibCheck) => {
  test.each(programs)('a program in the types of %s compiles with ours: %s', (name, program) => {
    const compiled = compile(program, { skipLibCheck, paths: { [name]: [ours] } });

    expect(compiled.getSourceFile(ours)).toBeDefined();
    expect(problemsOf(compiled)).toEqual([]);
  });
});

test('the program that adds members to the types of prom-client compiles with those', () => {
  expect(problemsOf(compile('augmenting.ts', { skipLibCheck: true }))).toEqual([]);
});

function compile(program: string, options: ts.CompilerOptions): ts.Program {
  return ts.createProgram([join(__dirname, program)], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node20,
    types: [],
    ...options,
  });
}

function problemsOf(compiled: ts.Program): unknown[] {
  return ts
    .getPreEmitDiagnostics(compiled)
    .map(({ file, start = 0, messageText }) => [
      file?.fileName.replace(`${root}/`, ''),
      file && file.getLineAndCharacterOfPosition(start).line + 1,
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    ]);
}

test('the declarations lead to none of the classes', () => {
  const compiled = ts.createProgram([ours], { noEmit: true, types: [], module: ts.ModuleKind.Node20 });
  const files = compiled.getSourceFiles().map(({ fileName }) => fileName);

  expect(files.filter((file) => /\/dist\/(collectors|metrics|series|native)/.test(file))).toEqual([]);
  expect(files).toContain(join(root, 'dist', 'types', 'metrics.d.ts'));
});

const versions = ['4.7.4', '5.0.4', '5.9.3', '7.0.2'];
const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

// Each of them takes some 60 MB.
describe.skipIf(!wanted)('with other versions of TypeScript (only with THIRD_PARTY=1 or CI=true)', () => {
  const directory = join(root, 'build', 'typescript');

  beforeAll(() => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{}');
    const packages = versions.map((version) => `typescript-${version}@npm:typescript@${version}`);
    execFileSync('npm', ['install', '--no-save', '--loglevel=error', ...packages], { cwd: directory });
  }, 300_000);

  const cases = versions
    .flatMap((version) => programs.map((program) => [version, ...program] as const))
    // Before 4.9 no member can be added to what a module exports from another.
    .filter(([version, , program]) => !(version === '4.7.4' && program === 'augmenting.ts'));
  test.each(cases)('%s: a program in the types of %s compiles with ours: %s', (version, name, program) => {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      module: 'node16',
      types: [],
      paths: { [name]: [ours] },
    };
    const project = join(directory, `${version}-${program}.json`);
    writeFileSync(project, JSON.stringify({ compilerOptions, files: [join(__dirname, program)] }));
    const tsc = join(directory, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });

    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
