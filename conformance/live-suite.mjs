// Sums up what conformance/live-suite.sh ran: a line for each file and seed, the failures, the total in per cent.
// Usage: node live-suite.mjs WORK BOUND FILE...
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [work, bound, ...files] = process.argv.slice(2);
const results = join(work, 'results');
const seeds = readdirSync(results).filter(f => /^\d+\.json$/.test(f)).map(f => f.slice(0, -5));
let holds = seeds.length > 0;

for (const seed of seeds) {
  const report = JSON.parse(readFileSync(join(results, `${seed}.json`), 'utf8'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const broken = [];

  console.log(`seed ${seed}`);
  for (const file of files) {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const ran = report.testResults.find(r => r.name.endsWith(file));

    for (const test of ran?.assertionResults ?? []) {
      count[test.status === 'passed' ? 'passed' : test.status === 'failed' ? 'failed' : 'skipped']++;
      if (test.status !== 'passed') {
        broken.push(`${file}: ${test.fullName}: ${(test.failureMessages?.[0] ?? test.status).split('\n').slice(0, 3).join(' | ')}`);
      }
    }
    // A file whose import or first hook failed lists no test: it counts as one that failed.
    if (count.passed + count.failed + count.skipped === 0) {
      count.failed = 1;
      broken.push(`${file}: no test ran: ${(ran?.message ?? 'not reported').split('\n')[0]}`);
    }
    for (const state of Object.keys(total)) total[state] += count[state];
    console.log(`  ${file.slice('tests/live/'.length, -'.test.ts'.length).padEnd(34)} passed ${count.passed} failed ${count.failed} skipped ${count.skipped}`);
  }

  const all = total.passed + total.failed + total.skipped;
  const share = (100 * total.passed) / all;

  holds &&= share >= Number(bound);
  for (const line of broken) console.log(`  not passed: ${line}`);
  console.log(`  total: ${total.passed} of ${all} passed, ${total.failed} failed, ${total.skipped} skipped: ${share.toFixed(1)} %`);

  const audit = join(results, `${seed}.audit.jsonl`);
  if (existsSync(audit)) {
    const drift = [...new Set(readFileSync(audit, 'utf8').trim().split('\n'))];

    console.log(`  audit: ${drift.length} findings`);
    for (const line of drift) console.log(`    ${line}`);
  }
}

console.log(holds ? `live suite: at least ${bound} % with each seed` : `live suite: less than ${bound} % with a seed`);
process.exit(holds ? 0 : 1);
