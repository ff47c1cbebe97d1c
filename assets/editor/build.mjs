/* Bundle src/index.js into dist/editor.js: one minified ES module, with the licences of what it contains.
   The banner carries the SHA-256 of the inputs, so that a stale bundle is noticed without Node
   (tests/unit/test_editor_bundle.py). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8').replaceAll('\r\n', '\n');

const hash = createHash('sha256');
for (const path of ['src/index.js', 'package-lock.json', 'build.mjs']) hash.update(read(path));

const options = {
  entryPoints: ['src/index.js'],
  bundle: true,
  format: 'esm',
  minify: true,
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
};

const { metafile } = await build({ ...options, write: false, metafile: true });
const packages = new Set(
  Object.keys(metafile.inputs)
    .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
    .filter(Boolean),
);
const holders = new Map(); // licence text -> packages under it
for (const name of [...packages].sort()) {
  const text = read(`node_modules/${name}/LICENSE`).trim();
  holders.set(text, [...(holders.get(text) ?? []), name]);
}
const licences = [...holders].map(([text, names]) => `${names.join(', ')}\n\n${text}`).join('\n\n');

await build({
  ...options,
  outfile: 'dist/editor.js',
  banner: { js: `/*! Built from src/index.js by "npm run build"; do not edit. source-sha256: ${hash.digest('hex')} */` },
  footer: { js: `/*!\n${licences}\n*/` },
});
