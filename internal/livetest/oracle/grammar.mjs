// Reads statements, one JSON string a line, and prints for each how many errors a
// grammar of PL/SQL finds in it.
import { createInterface } from "node:readline";
import { getParserFromInput } from "@griffithswaite/ts-plsql-parser/parser.js";

for await (const line of createInterface({ input: process.stdin })) {
	const parser = getParserFromInput(JSON.parse(line) + ";");
	let errors = 0;
	parser.removeErrorListeners();
	parser.addErrorListener({ syntaxError() { errors++; }, reportAmbiguity() {}, reportAttemptingFullContext() {}, reportContextSensitivity() {} });
	parser.sql_script();
	console.log(errors);
}
