// Asks an HTTP server many things at once, and says what it answered: questions as JSON on the standard input, answers on the standard output.
const http = require('http');

let input = '';
process.stdin.on('data', chunk => { input += chunk; }).on('end', async () => {
  const { host, port, questions } = JSON.parse(input);
  const agent = new http.Agent({ maxSockets: Infinity });
  const ask = ({ method, path, headers, body, repeat = 1 }) => new Promise(resolve => {
    const begin = Date.now();
    const content = body === undefined ? undefined : (typeof body === 'string' ? body : JSON.stringify(body)).repeat(repeat);
    const request = http.request({
      host, port, method, path, agent, timeout: 60000, headers: { ...content !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) }, ...headers },
    }, response => {
      let text = '';
      response.on('data', chunk => { text += chunk; }).on('end', () => {
        let json;
        try { json = JSON.parse(text); } catch { json = text; }
        resolve({ status: response.statusCode, body: json, ms: Date.now() - begin });
      });
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', error => resolve({ status: 0, body: error.message, ms: Date.now() - begin }));
    request.end(content);
  });
  process.stdout.write(JSON.stringify(await Promise.all(questions.map(ask))));
});
