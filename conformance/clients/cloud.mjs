// confluence.js 3 against Cloud, both REST versions. The client validates every answer against its own schemas.
import { createV1Client, createV2Client } from 'confluence.js';
import { assert, done, EMAIL, HOST, refused, step, TOKEN } from './flow.mjs';

const auth = { type: 'basic', email: EMAIL, apiToken: TOKEN };
const v1 = createV1Client({ host: HOST, auth }), v2 = createV2Client({ host: HOST, auth });
const storage = (value) => ({ representation: 'storage', value });

const key = 'NPM3';
await step('create a space', () => v1.space.createSpace({ key, name: 'Clients' }));
const space = await step('find it', async () => (await v2.space.getSpaces({ keys: [key] })).results[0]);
assert.equal(space.key, key);

const page = (title, parentId) => v2.page.createPage({ body: { spaceId: space.id, status: 'current', title, parentId, body: storage(`<p>${title}</p>`) } });
const top = await step('create a page', () => page('Top'));
const middle = await step('create a page below', () => page('Middle', top.id));
const leaves = [];
for (const name of ['Leaf 1', 'Leaf 2', 'Leaf 3', 'Leaf 4', 'Leaf 5'])
  leaves.push(await step('create a page on the third level', () => page(name, middle.id)));
await step('a title that is taken is refused', () => refused(400, () => page('Top')));

await step('ancestors', async () => {
  const above = await v2.ancestors.getPageAncestors({ id: Number(leaves[0].id) });
  assert.deepEqual(above.results.map((a) => a.id).slice(-2), [top.id, middle.id]);
});
const update = (number, text) => v2.page.updatePage({
  id: Number(top.id), body: { id: top.id, status: 'current', title: 'Top', body: storage(text), version: { number, message: 'edited' } },
});
await step('update with the right version', async () => assert.equal((await update(2, '<p>second</p>')).version.number, 2));
await step('a stale version is refused with 409', () => refused(409, () => update(2, '<p>stale</p>')));
await step('the stale update left no trace', async () => {
  const now = await v2.page.getPageById({ id: Number(top.id), bodyFormat: 'storage' });
  assert.equal(now.version.number, 2);
  assert.match(now.body.storage.value, /second/);
});

await step('label', async () => {
  await v1.contentLabels.addLabelsToContent({ id: top.id, body: [{ prefix: 'global', name: 'one' }, { prefix: 'global', name: 'Two' }] });
  const labels = await v2.label.getPageLabels({ id: Number(top.id) });
  assert.deepEqual(labels.results.map((l) => l.name).sort(), ['one', 'two']);
});
await step('attach', async () => {
  await v1.contentAttachments.createOrUpdateAttachments({ id: top.id, attachments: { filename: 'notes.txt', content: Buffer.from('some bytes') } });
  const files = await v2.attachment.getPageAttachments({ id: Number(top.id) });
  assert.deepEqual(files.results.map((f) => [f.title, f.fileSize]), [['notes.txt', 10]]);
});
await step('comment', async () => {
  const said = await v2.comment.createFooterComment({ pageId: top.id, body: storage('<p>said</p>') });
  assert.equal(said.pageId, top.id);
});

await step('list by cursor', async () => {
  const seen = new Set();
  for (let cursor; ;) {
    const part = await v2.page.getPages({ spaceId: [Number(space.id)], limit: 2, cursor });
    assert.ok(part.results.length <= 2);
    part.results.forEach((p) => seen.add(p.id));
    const next = part._links?.next;
    if (!next) break;
    cursor = new URL(next, HOST).searchParams.get('cursor');
  }
  assert.equal(seen.size, 8); // the home page as well
});

await step('trash', () => v2.page.deletePage({ id: Number(leaves[0].id) }));
await step('it is in the trash', async () => assert.equal((await v2.page.getPageById({ id: Number(leaves[0].id) })).status, 'trashed'));
await step('purge', () => v2.page.deletePage({ id: Number(leaves[0].id), purge: true }));
await step('it is gone', () => refused(404, () => v2.page.getPageById({ id: Number(leaves[0].id) })));
await step('delete the space', () => v1.space.deleteSpace({ spaceKey: key }));
done('confluence.js 3.2.0 on Cloud');
