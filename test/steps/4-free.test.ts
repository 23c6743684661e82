import { testFreeTalk } from "./free-talk.ts";
import { anyPort, command } from "./lesson.ts";

testFreeTalk("step 4, free", {
  server: (language, address) => command(language, "4-free/server", ...anyPort(language, address)),
  client: (language, address, port) => command(language, "4-free/client", address, port),
});
