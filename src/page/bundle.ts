// The page in the browser (web/) bundled into few files, and these compressed. A macro: it runs when the program is bundled, or,
// from source, when the first request comes; what it returns becomes part of the program.

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";

/** What serves the page: the page says which, because a relay belongs to somebody else than the server. */
export const SERVERS = ["server", "relay"] as const;
export type ServedBy = (typeof SERVERS)[number];

export interface PageFile {
  readonly path: string;
  readonly mediaType: string;
  /** Base64url, of the uncompressed file. */
  readonly sha256: string;
  /** Base64. */
  readonly gzip: string;
  readonly brotli: string;
}

export interface BundledPage {
  /** index.html */
  readonly documents: Readonly<Record<ServedBy, PageFile>>;
  /** Their names change with their content. */
  readonly assets: readonly PageFile[];
}

const MARK = 'data-served-by="server"';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A script of its own, which does not wait for the others. */
const EARLY = "early-socket";

export function bundlePage(): BundledPage {
  const root = join(import.meta.dirname, "..", "..");
  const folder = mkdtempSync(join(tmpdir(), "charla-page-"));
  try {
    const files = build(root, folder);
    const built = files.find(({ path }) => path === "/index.html")?.bytes.toString() ?? "";
    const others = files.filter(({ path }) => path !== "/index.html");
    const script = others.find(({ path }) => built.includes(`src="${path}"`));
    if (script === undefined) throw new Error("web/index.html: no script");
    const smaller = minified(root, script);
    const html = built.replace(script.path, smaller.path);
    const assets = others.map((each) => (each === script ? smaller : each));
    const document = withIntegrity(withEarlyScript(html, assets), assets);
    if (document.split(MARK).length !== 2) throw new Error(`web/index.html: no ${MARK}`);
    const documentFor = (servedBy: ServedBy) => {
      const marked = document.replace(MARK, `data-served-by="${servedBy}"`);
      return compressed({ path: "/index.html", bytes: Buffer.from(marked) });
    };
    return {
      documents: { server: documentFor("server"), relay: documentFor("relay") },
      assets: assets.map(compressed),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface BuiltFile {
  readonly path: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

function build(root: string, folder: string): BuiltFile[] {
  // Of one folder: a program must not depend on where it was built.
  const name = "-/[name]-[hash].[ext]";
  const names = [
    "--entry-naming=[name].[ext]",
    `--chunk-naming=${name}`,
    `--asset-naming=${name}`,
    "--public-path=/",
  ];
  bundle(root, ["web/index.html", ...names, "--outdir", folder]);
  bundle(root, [`web/${EARLY}.ts`, "--format=iife", `--entry-naming=${name}`, "--outdir", folder]);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => extname(name) !== "")
    .toSorted()
    .map((name) => ({ path: `/${name}`, bytes: readFileSync(join(folder, name)) }));
}

/** By another process: a macro can't wait for the bundler that waits for it. */
function bundle(root: string, options: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync(
    [process.execPath, "build", "--target=browser", "--minify", ...options],
    { cwd: root },
  );
  if (!success) throw new Error(`the page can't be bundled:\n${stderr.toString()}`);
}

/**
 * Bun leaves a script that is 5 % larger than it need be, compressed: it puts no function in the place of its only call. In a process
 * of its own, for what is in this one can't be bundled: the minifier isn't JavaScript. The name is of what becomes of it.
 */
function minified(root: string, { path, bytes }: BuiltFile): BuiltFile {
  const { success, stdout, stderr } = Bun.spawnSync(
    [process.execPath, join(root, "scripts", "minify.mjs")],
    { stdin: bytes },
  );
  if (!success) throw new Error(`the page's script can't be minified:\n${stderr.toString()}`);
  const hash = createHash("sha256").update(stdout).digest("hex").slice(0, 8);
  return { path: path.replace(/[^-]+(?=\.js$)/, hash), bytes: Buffer.from(stdout) };
}

/** Behind the page's script, for that takes longer and is to be asked for first. */
function withEarlyScript(html: string, assets: readonly BuiltFile[]): string {
  const early = assets.find(({ path }) => path.startsWith(`/-/${EARLY}-`));
  return new HTMLRewriter()
    .on('script[type="module"]', {
      element(element) {
        element.before(`<script async crossorigin src="${early?.path}"></script>`, { html: true });
      },
    })
    .transform(html);
}

/** So that the digest of index.html says what the whole page is (W3C Subresource Integrity). */
function withIntegrity(html: string, assets: readonly BuiltFile[]): string {
  return new HTMLRewriter()
    .on("script, link[rel=stylesheet]", {
      element(element) {
        const path = element.getAttribute("src") ?? element.getAttribute("href");
        const asset = assets.find((each) => each.path === path);
        if (asset === undefined) throw new Error(`web/index.html: ${path} is not bundled`);
        const digest = createHash("sha384").update(asset.bytes).digest("base64");
        element.setAttribute("integrity", `sha384-${digest}`);
      },
    })
    .transform(html);
}

/** Bun has a second library for gzip, slower at its highest level, and 3 % smaller than zlib's. */
const BEST_GZIP = { library: "libdeflate", level: 12 } as const;

function compressed({ path, bytes }: BuiltFile): PageFile {
  const mediaType = MEDIA_TYPES[extname(path)];
  if (mediaType === undefined) throw new Error(`${path}: of no known type`);
  return {
    path,
    mediaType,
    sha256: createHash("sha256").update(bytes).digest("base64url"),
    gzip: Buffer.from(Bun.gzipSync(bytes, BEST_GZIP)).toString("base64"),
    brotli: brotliCompressSync(bytes).toString("base64"),
  };
}
