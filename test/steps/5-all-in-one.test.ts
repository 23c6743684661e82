import { testFreeTalk } from "./free-talk.ts";
import { command } from "./lesson.ts";

testFreeTalk("step 5, all in one", {
  server: (language) => command(language, "5-all-in-one/talk", "--server", "0"),
  client: (language, address, port) => command(language, "5-all-in-one/talk", address, port),
});
