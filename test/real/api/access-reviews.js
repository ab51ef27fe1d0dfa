// Asks an API server, on the machine where this runs, whether each of many requests would be allowed. The input names the server, the files
// of its administrator, and the reviews; the output is a list of answers in their order.
const fs = require('fs');
const https = require('https');

const { server, files, specs } = JSON.parse(fs.readFileSync(0, 'utf8'));
const agent = new https.Agent({
  keepAlive: true,
  maxSockets: 8,
  ca: fs.readFileSync(files.authority),
  cert: fs.readFileSync(files.certificate),
  key: fs.readFileSync(files.key),
});

function ask(spec) {
  const body = JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec });
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const request = https.request(`${server}/apis/authorization.k8s.io/v1/subjectaccessreviews`, { method: 'POST', agent, headers }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode !== 201) { reject(new Error(`${response.statusCode} ${text}`)); } else { resolve(JSON.parse(text).status.allowed === true); }
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

Promise.all(specs.map(ask)).then(answers => {
  process.stdout.write(JSON.stringify(answers));
  agent.destroy();
}, error => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
