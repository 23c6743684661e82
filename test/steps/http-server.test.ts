import { describe, expect } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

import { testWith } from "../harness/peer-programs.ts";
import { type Program, run, start } from "../harness/program.ts";
import { command, folder } from "./lesson.ts";

function serve(path: string): Program {
  return start(command("TypeScript", "http-server/server", "0"), { cwd: path });
}

async function portOf(server: Program): Promise<string> {
  const [, port = ""] = await server.until("stdout", /^Open http:\/\/localhost:(\d+)\n$/);
  return port;
}

/** Sends the request as it is, which a browser or `fetch` would tidy, and returns the whole answer. */
async function ask(port: string, request: string): Promise<string> {
  const socket = connect(Number(port), "localhost");
  socket.write(request);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** Where the links of a page lead. */
async function linksOf(page: string): Promise<string[]> {
  const links: string[] = [];
  const reader = new HTMLRewriter().on("a", {
    element: (link) => void links.push(link.getAttribute("href") ?? ""),
  });
  await reader.transform(new Response(page)).text();
  return links.map((link) => link.replaceAll("&amp;", "&").replaceAll("&#x27;", "'"));
}

describe("the HTTP server step", () => {
  testWith(
    ["python3"],
    "Python's urllib gets a file of the folder, and of one within.",
    async () => {
      await using shared = await folder({ "a.txt": "é 日本 🎉\n", "within/b.txt": "deep\n" });
      await using server = serve(shared.path);
      const address = `http://localhost:${await portOf(server)}`;
      const a = await run(command("Python", "http-client/with_urllib", `${address}/a.txt`));
      expect(a).toEqual({ stdout: "é 日本 🎉\n", stderr: "", status: 0 });
      const b = await run(command("Python", "http-client/with_urllib", `${address}/within/b.txt`));
      expect(b).toEqual({ stdout: "deep\n", stderr: "", status: 0 });
    },
  );

  testWith(["python3"], "A Python socket gets the list of files.", async () => {
    await using shared = await folder({ "b.txt": "b\n", "a.txt": "a\n", ".hidden": "h\n" });
    await using server = serve(shared.path);
    const port = await portOf(server);
    const client = await run(command("Python", "http-client/client", "localhost", port));
    expect(client.status).toBe(0);
    expect(client.stdout).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(client.stdout.toLowerCase()).toContain("content-type: text/html; charset=utf-8\r\n");
    expect(client.stdout).toEndWith(
      "\r\n\r\n<!doctype html><title>Files</title>" +
        '<ul><li><a href="/a.txt">a.txt</a></li>\n<li><a href="/b.txt">b.txt</a></li></ul>',
    );
  });

  testWith(
    [],
    "The list names every file safely, and each of its links leads to the file.",
    async () => {
      const names = ["<b>&amp;.txt", 'é "日本" 🎉', "50%25 #1?.txt", "it's;&copy;[a]b@c+d=$!,~*()"];
      await using shared = await folder(Object.fromEntries(names.map((name) => [name, name])));
      await using server = serve(shared.path);
      const address = `http://localhost:${await portOf(server)}`;
      const page = await (await fetch(address)).text();
      expect(page).toContain(">&lt;b&gt;&amp;amp;.txt</a>");
      expect(page).not.toContain("<b>");

      const found: string[] = [];
      for (const link of await linksOf(page)) {
        found.push(await (await fetch(new URL(link, address))).text());
      }
      expect(found.toSorted()).toEqual(names.toSorted());
    },
  );

  testWith([], "Every folder is listed, and its links lead to all that is in it.", async () => {
    const files = {
      "a.txt": "a",
      "one/b.txt": "b",
      "one/two/c.txt": "c",
      'one/two/it\'s 50% "#1"?/é 日本 🎉.txt': "d",
      "one/a:b&copy;/e.txt": "e",
      "one/.hidden/f.txt": "f",
    };
    await using shared = await folder(files);
    await mkdir(join(shared.path, "empty"));
    await using server = serve(shared.path);
    const address = `http://localhost:${await portOf(server)}`;

    const found: string[] = [];
    const folders = ["/"];
    for (const path of folders) {
      const listing = await fetch(new URL(path, address));
      expect(listing.status).toBe(200);
      expect(listing.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
      for (const link of await linksOf(await listing.text())) {
        if (link.endsWith("/")) folders.push(link);
        else found.push(await (await fetch(new URL(link, address))).text());
      }
    }
    expect(folders.map((path) => decodeURIComponent(path))).toEqual([
      "/",
      "/empty/",
      "/one/",
      "/one/a:b&copy;/",
      "/one/two/",
      '/one/two/it\'s 50% "#1"?/',
    ]);
    expect(found.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
  });

  testWith([], "A folder is listed with a slash after its name or without.", async () => {
    await using shared = await folder({ "one/b.txt": "b", "one/two/c.txt": "c" });
    await using server = serve(shared.path);
    const address = `http://localhost:${await portOf(server)}`;
    for (const path of ["/one", "/one/"]) {
      expect(await (await fetch(address + path)).text()).toBe(
        "<!doctype html><title>Files</title>" +
          '<ul><li><a href="/one/b.txt">b.txt</a></li>\n<li><a href="/one/two/">two/</a></li></ul>',
      );
    }
  });

  testWith(["python3"], "Python's urllib gets the listing of a folder within.", async () => {
    await using shared = await folder({ "one/b.txt": "b" });
    await using server = serve(shared.path);
    const address = `http://localhost:${await portOf(server)}`;
    const listing = await run(command("Python", "http-client/with_urllib", `${address}/one/`));
    expect(listing.status).toBe(0);
    expect(listing.stdout).toContain('<li><a href="/one/b.txt">b.txt</a></li>');
  });

  testWith([], "A symbolic link is followed within the folder, and not out of it.", async () => {
    await using outer = await folder({ "secret.txt": "secret\n", "shared/one/a.txt": "a\n" });
    const shared = join(outer.path, "shared");
    await symlink("one", join(shared, "folder"));
    await symlink("one/a.txt", join(shared, "file"));
    await symlink("../secret.txt", join(shared, "file-outside"));
    await symlink(outer.path, join(shared, "folder-outside"));
    await using server = serve(shared);
    const address = `http://localhost:${await portOf(server)}`;
    expect(await (await fetch(`${address}/folder`)).text()).toContain(">a.txt</a>");
    expect(await (await fetch(`${address}/file`)).text()).toBe("a\n");
    for (const path of ["file-outside", "folder-outside", "folder-outside/secret.txt"]) {
      const answer = await fetch(`${address}/${path}`);
      expect(answer.status).toBe(404);
      expect(await answer.text()).not.toContain("secret\n");
    }
  });

  testWith([], "What is neither a file nor a folder is not found.", async () => {
    await using shared = await folder({ "a.txt": "a\n" });
    Bun.spawnSync(["mkfifo", join(shared.path, "pipe")]);
    await using server = serve(shared.path);
    const address = `http://localhost:${await portOf(server)}`;
    for (const path of ["/pipe", "/missing/", "/a.txt/", "/%00", "/%ff", "/%"]) {
      expect((await fetch(address + path)).status).toBe(404);
    }
  });

  testWith(
    [],
    "The lesson's own request, which names no version of HTTP, is refused.",
    async () => {
      await using shared = await folder({ "a.txt": "a\n" });
      await using server = serve(shared.path);
      const answer = await ask(await portOf(server), "GET /\n");
      expect(answer).toStartWith("HTTP/1.1 505 HTTP Version Not Supported\r\n");
    },
  );

  testWith([], "No request reaches a file outside the folder.", async () => {
    await using outer = await folder({
      "secret.txt": "secret\n",
      "shared/a.txt": "a\n",
      "shared/within/b.txt": "b\n",
    });
    await using server = serve(join(outer.path, "shared"));
    const port = await portOf(server);
    for (const path of [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/..%5csecret.txt",
      "/./../secret.txt",
      "/a.txt/../../secret.txt",
      `/${join(outer.path, "secret.txt")}`,
      "//secret.txt",
      "/missing.txt",
      "/within/../../secret.txt",
      "/within/..%2f..%2fsecret.txt",
      "/..%2f",
      "/within%2f..%2f..",
    ]) {
      for (const version of ["1.0", "1.1"]) {
        const headers = "Host: localhost\r\nConnection: close\r\n";
        const answer = await ask(port, `GET ${path} HTTP/${version}\r\n${headers}\r\n`);
        expect(answer).toStartWith("HTTP/1.1 404 Not Found\r\n");
        expect(answer).not.toContain("secret\n");
      }
    }
    expect(await ask(port, "GET /a.txt HTTP/1.0\r\n\r\n")).toEndWith("\r\n\r\na\n");
  });

  testWith(
    [],
    "A request without a Host, as HTTP/1.0 allows, gets the list of files.",
    async () => {
      await using shared = await folder({ "a.txt": "a\n" });
      await using server = serve(shared.path);
      const answer = await ask(await portOf(server), "GET / HTTP/1.0\r\n\r\n");
      expect(answer).toStartWith("HTTP/1.1 200 OK\r\n");
      expect(answer).toContain(">a.txt</a>");
    },
  );

  testWith(
    [],
    "Ctrl-C closes it with status 0, even while a browser keeps a connection.",
    async () => {
      await using shared = await folder({ "a.txt": "a\n" });
      await using server = serve(shared.path);
      const port = await portOf(server);
      const browser = connect(Number(port), "localhost");
      browser.on("error", () => {});
      const closed = new Promise((resolve) => browser.on("close", resolve));
      const answered = new Promise((resolve) => browser.once("data", resolve));
      browser.write("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await answered;
      server.signal("SIGINT");
      expect(await server.exited).toBe(0);
      await closed;
      expect(server.stdout).toBe(`Open http://localhost:${port}\n`);
      expect(server.stderr).toBe("");
    },
  );
});
