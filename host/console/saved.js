// Draws the report that is saved in the same file.

import { settle } from "./chart.js";
import { drawReport } from "./report.js";

document.getElementById("main").append(...drawReport(JSON.parse(document.getElementById("report").textContent)));
settle();
