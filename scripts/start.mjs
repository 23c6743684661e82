// `npm start`: charla from a fresh clone. Without arguments it opens a conversation.
import { join } from "node:path";

import { launch } from "../bin/charla.cjs";
import { installWhatIsMissing, root } from "./install.mjs";

installWhatIsMissing();
const given = process.argv.slice(2);
launch(join(root, "src/cli/main.ts"), given.length > 0 ? given : ["--server"]);
