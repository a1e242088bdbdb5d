import { expect } from 'vitest';
import { type Family, familiesOf } from './exposition';
import { grammarProblem, type Version } from './grammar';
import { ruleProblem, suffixes } from './rules';

/** What is wrong with an exposition of that version of OpenMetrics; undefined for nothing. */
export function openMetricsProblem(text: string, version: Version): string | undefined {
  return grammarProblem(text, version) ?? ruleProblem(familiesOf(text), version);
}

/** The exposition, which must be one of that version. */
export function judged(text: string, version: Version = 1): string {
  expect(openMetricsProblem(text, version), text).toBeUndefined();
  return text;
}

/** Whether no family has the name of a sample of another one; such a registry is an error of its users. */
export function hasNoClash(text: string): boolean {
  const names = familiesOf(text).flatMap(namesIn);
  return new Set(names).size === names.length;
}

function namesIn({ name, type }: Family): string[] {
  return [...new Set([name, ...(suffixes[type] ?? ['']).map((suffix) => name + suffix)])];
}
