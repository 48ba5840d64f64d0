// What the flows share: steps that are counted, and demands that name what was expected.
import assert from 'node:assert/strict';

export const HOST = process.env.HOST, EMAIL = process.env.EMAIL, TOKEN = process.env.API_TOKEN;

let steps = 0;

// step runs one step of a flow; the first that fails ends the flow with its name.
export async function step(name, act) {
  try {
    const result = await act();
    steps++;
    return result;
  } catch (error) {
    const told = error?.cause?.issues ?? error?.issues ?? error?.response?.data ?? error?.response?.body ?? error?.body ?? '';
    console.error(`${process.argv[1]}: ${name}: ${error?.message ?? error} ${JSON.stringify(told).slice(0, 1500)}`);
    process.exit(1);
  }
}

// refused demands that a call fails with exactly this status.
export async function refused(status, act) {
  try {
    await act();
  } catch (error) {
    assert.equal(error?.status ?? error?.response?.status ?? error?.statusCode, status, `status of ${error?.message}`);
    return error;
  }
  assert.fail(`expected ${status}, was answered with success`);
}

// until asks again until the answer fits: the search index and the tree are behind the writes.
export async function until(ask, fits, tries = 60) {
  for (let i = 0; ; i++) {
    const answer = await ask();
    if (fits(answer)) return answer;
    assert.ok(i < tries, 'the site never came to show it');
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export function done(client) {
  console.log(`${client}: ${steps} steps`);
}

export { assert };
