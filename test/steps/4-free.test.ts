import { testFreeTalk } from "./free-talk.ts";
import { command } from "./lesson.ts";

testFreeTalk("step 4, free", {
  server: (language) => command(language, "4-free/server", "0"),
  client: (language, address, port) => command(language, "4-free/client", address, port),
});
