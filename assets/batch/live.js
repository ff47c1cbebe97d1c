// An experiment while it runs.

import { mount } from "../shared/mount.js";

export default mount(() => ({ take() {} }));
