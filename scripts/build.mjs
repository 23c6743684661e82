// `npm run build`: one executable file, dist/charla, with the runtime inside.
import { compileProgram } from "./bundle.mjs";
import { installWhatIsMissing } from "./install.mjs";

installWhatIsMissing();
const { succeeded, output } = compileProgram("dist/charla");
process.stdout.write(output);
process.exit(succeeded ? 0 : 1);
