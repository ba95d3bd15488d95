// Bundles the page into one file. `make page` calls it with the folder that holds node_modules.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.argv[2], "node_modules");
const { buildSync } = createRequire(join(modules, "x.js"))("esbuild");

const bundled = buildSync({
  entryPoints: [join(here, "main.js")],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  nodePaths: [modules],
}).outputFiles[0].text.trim();
if (/<\/script|<!--/i.test(bundled)) throw new Error("the program would end its own element");
const styles =
  readFileSync(join(modules, "uplot/dist/uPlot.min.css"), "utf8").trim() +
  "\n" +
  readFileSync(join(here, "style.css"), "utf8");
const licence = readFileSync(join(modules, "uplot/LICENSE"), "utf8").trim();
const hash = createHash("sha256").update(bundled).digest("base64");
// Nothing may be fetched, and no other script runs, whatever the data say.
const policy =
  `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; ` +
  "base-uri 'none'; form-action 'none'";
// What the page is made of, so that a test can tell a stale one without node.
const sources = createHash("sha256");
for (const name of readdirSync(here).sort()) sources.update(readFileSync(join(here, name)));
const parts = { sources: sources.digest("hex"), policy, styles, licence, program: bundled };
const page = readFileSync(join(here, "index.html"), "utf8").replace(
  /\{\{(\w+)\}\}/g,
  (whole, name) => parts[name] ?? whole,
);
writeFileSync(join(here, "..", "page.html"), page);
