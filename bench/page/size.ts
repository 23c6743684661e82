// How many bytes a browser loads before the first word.

import { bundlePage } from "../../src/page/bundle.ts";

export function reportSize(): void {
  const { documents, assets } = bundlePage();
  const sizes = [documents.server, ...assets].map(({ path, gzip, brotli }) => {
    return {
      path,
      gzip: Buffer.byteLength(gzip, "base64"),
      brotli: Buffer.byteLength(brotli, "base64"),
    };
  });
  console.log(`  ${"bytes".padEnd(34)}${"gzip".padStart(10)}${"brotli".padStart(10)}`);
  const all = { path: "all", gzip: 0, brotli: 0 };
  for (const size of sizes) {
    console.log(row(size));
    all.gzip += size.gzip;
    all.brotli += size.brotli;
  }
  console.log(row(all));
}

function row({ path, gzip, brotli }: { path: string; gzip: number; brotli: number }): string {
  const [first, second] = [gzip, brotli].map((bytes) => bytes.toLocaleString("en").padStart(10));
  return `  ${path.padEnd(34)}${first}${second}`;
}
