// What test/web/tabs.test.ts does in a browser, by the name `tabs`: claims a place, and says what became of that.

import { defer } from "../../../src/deferred.ts";
import { type Claim, claimPlace } from "../../../web/tabs.ts";

const heard: string[] = [];
/** Ends what is done at the place by itself. */
let done = defer<void>();
let claim: Claim | null = null;

Object.assign(window, {
  tabs: {
    heard,
    claim(name: string, letGoAfter = 50) {
      claim = claimPlace({
        name,
        async hold(signal) {
          heard.push("holds");
          done = defer<void>();
          const letGo = () => setTimeout(done.resolve, letGoAfter);
          signal.addEventListener("abort", letGo);
          await done.promise;
          heard.push("let go");
        },
        onWaiting: () => heard.push("waits"),
      });
    },
    take: () => claim?.take(),
    end: () => done.resolve(),
    close: () => claim?.[Symbol.asyncDispose](),
  },
});
