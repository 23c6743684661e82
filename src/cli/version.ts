// Which charla this is.

// By its name: the bundler leaves out the rest of the manifest.
import { version } from "../../package.json" with { type: "json" };

export const VERSION: string = version;
