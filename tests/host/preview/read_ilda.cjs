// Reads an ILDA file with @laser-dac/ilda-reader and prints what it found.
const fs = require("fs");
const reader = require(process.argv[2]);
process.stdout.write(JSON.stringify(reader.fromByteArray(new Uint8Array(fs.readFileSync(process.argv[3])))));
