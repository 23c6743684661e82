import { describe, expect, test } from "bun:test";

import { cacheFolder, configFolder, dataFolder } from "../../src/identity/folders.ts";

describe("the folders are those of the XDG Base Directory Specification", () => {
  test("without a variable the folders are in the home folder", () => {
    expect(configFolder({}, "/home/ana")).toBe("/home/ana/.config/charla");
    expect(dataFolder({}, "/home/ana")).toBe("/home/ana/.local/share/charla");
    expect(cacheFolder({}, "/home/ana")).toBe("/home/ana/.cache/charla");
  });

  test("each variable moves its own folder", () => {
    const environment = { XDG_CONFIG_HOME: "/etc/ana", XDG_DATA_HOME: "/var/ana" };
    expect(configFolder(environment, "/home/ana")).toBe("/etc/ana/charla");
    expect(dataFolder(environment, "/home/ana")).toBe("/var/ana/charla");
    expect(cacheFolder({ XDG_CACHE_HOME: "/tmp/ana" }, "/home/ana")).toBe("/tmp/ana/charla");
    expect(configFolder({ XDG_DATA_HOME: "/var/ana" }, "/home/ana")).toBe(
      "/home/ana/.config/charla",
    );
    expect(dataFolder({ XDG_CONFIG_HOME: "/etc/ana" }, "/home/ana")).toBe(
      "/home/ana/.local/share/charla",
    );
  });

  test.each(["", "relative", "./here", "~/.config"])(
    "a variable with the value %p is ignored",
    (value) => {
      const environment = { XDG_CONFIG_HOME: value, XDG_DATA_HOME: value };
      expect(configFolder(environment, "/home/ana")).toBe("/home/ana/.config/charla");
      expect(dataFolder(environment, "/home/ana")).toBe("/home/ana/.local/share/charla");
    },
  );

  test("a user without a home folder needs the variable", () => {
    expect(configFolder({ XDG_CONFIG_HOME: "/etc/ana" }, "")).toBe("/etc/ana/charla");
    for (const home of ["", "relative"]) {
      expect(() => configFolder({}, home)).toThrow(
        expect.objectContaining({
          code: "FOLDER_NOT_WRITABLE",
          message: "there is no home folder to write to",
          hint: "set HOME or XDG_CONFIG_HOME to the absolute path of a folder of your own",
        }),
      );
      expect(() => dataFolder({}, home)).toThrow("there is no home folder to write to");
    }
  });
});

test("on macOS the folders are the same, and on Windows those for applications", () => {
  expect(configFolder({}, "/Users/ana", "darwin")).toBe("/Users/ana/.config/charla");
  const environment = {
    APPDATA: "C:\\Users\\ana\\AppData\\Roaming",
    LOCALAPPDATA: "C:\\Users\\ana\\AppData\\Local",
  };
  const home = "C:\\Users\\ana";
  expect(configFolder(environment, home, "win32")).toBe("C:\\Users\\ana\\AppData\\Roaming\\charla");
  expect(dataFolder(environment, home, "win32")).toBe("C:\\Users\\ana\\AppData\\Local\\charla");
  expect(cacheFolder(environment, home, "win32")).toBe(
    "C:\\Users\\ana\\AppData\\Local\\charla\\cache",
  );
  expect(dataFolder({}, home, "win32")).toBe("C:\\Users\\ana\\.local\\share\\charla");
  expect(dataFolder({ ...environment, XDG_DATA_HOME: "D:\\data" }, home, "win32")).toBe(
    "D:\\data\\charla",
  );
});
