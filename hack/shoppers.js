// Shoppers for k6: they browse, search, fill carts, leave or buy. hack/load runs this.
import http from 'k6/http';
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Rate, Trend } from 'k6/metrics';

const URL = __ENV.URL;
const RATE = Number(__ENV.RATE);
const THINK = Number(__ENV.THINK);
const STEPS = ['register', 'login', 'categories', 'browse', 'search', 'product', 'stock', 'fill', 'cart', 'checkout', 'order'];
const LEAVES_AFTER_BROWSING = 0.6; // Of those who stay, half leave a filled cart: shops know 70 % abandoned carts, and buyers are what costs.
const LEAVES_THE_CART = 0.5;
const TOKEN_SECONDS = 600; // Tokens live 900 s.

const trends = {};
const failures = {};
for (const step of STEPS) {
  trends[step] = new Trend(`step_${step}`, true);
  failures[step] = new Counter(`failed_${step}`);
}
const failed = new Rate('failed');
const outcomes = { confirmed: new Counter('orders_confirmed'), pending: new Counter('orders_pending'), soldOut: new Counter('orders_sold_out') };

export const options = {
  scenarios: {
    shoppers: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: __ENV.TIME,
      preAllocatedVUs: Math.max(10, RATE * 2),
      maxVUs: Math.max(50, RATE * 20),
      gracefulStop: '40s',
    },
  },
  thresholds: { failed: ['rate<0.01'] },
  summaryTrendStats: ['count', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
};

// Each virtual user is one customer after another's departure, with an account of its own.
let account = null;

function ask(step, method, path, body, expected, headers = {}) {
  const parameters = { headers: { 'Content-Type': 'application/json', ...headers }, tags: { name: step }, timeout: '35s' };
  const answer = http.request(method, URL + path, body === null ? null : JSON.stringify(body), parameters);
  trends[step].add(answer.timings.duration);
  const good = expected.includes(answer.status);
  failed.add(!good);
  if (!good) {
    failures[step].add(1);
    if (failures[step].told !== answer.status) {
      failures[step].told = answer.status;
      console.warn(`${step}: status ${answer.status} ${answer.error || String(answer.body).slice(0, 200)}`);
    }
  }
  return good ? answer : null;
}

function pause() {
  sleep(Math.random() * THINK);
}

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

// False where that did not work.
function sign_in() {
  if (account && Date.now() - account.since < TOKEN_SECONDS * 1000) return true;
  let answer;
  if (account) {
    answer = ask('login', 'POST', '/api/v1/login', { email: account.email, password: account.password }, [200]);
  } else {
    const email = `shopper.${Date.now()}.${exec.vu.idInTest}.${Math.floor(Math.random() * 1e9)}@example.com`;
    account = { email, password: 'correct horse battery' };
    answer = ask('register', 'POST', '/api/v1/register', { ...account, first_name: 'Sam', last_name: 'Shopper' }, [201]);
  }
  if (!answer) {
    account = null;
    return false;
  }
  account.since = Date.now();
  account.headers = { Authorization: `Bearer ${answer.json('token')}` };
  return true;
}

function uuid() {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));
}

function browse() {
  const categories = ask('categories', 'GET', '/api/v1/categories', null, [200]);
  pause();
  let names = categories ? categories.json('items') || categories.json() : [];
  names = (Array.isArray(names) ? names : []).map((each) => (typeof each === 'string' ? each : each.name || each.category)).filter(Boolean);
  const category = names.length && Math.random() < 0.7 ? `&category=${encodeURIComponent(pick(names))}` : '';
  const page = ask('browse', 'GET', `/api/v1/products?limit=20${category}`, null, [200]);
  const seen = page ? page.json('items') : [];
  pause();
  if (Math.random() < 0.4 && seen.length) {
    ask('search', 'GET', `/api/v1/search?q=${encodeURIComponent(pick(seen).name.split(' ')[0])}&limit=10`, null, [200]);
    pause();
  }
  for (let looks = 1 + Math.floor(Math.random() * 3); looks > 0 && seen.length; looks -= 1) {
    const product = pick(seen);
    ask('product', 'GET', `/api/v1/products/${product.id}`, null, [200]);
    ask('stock', 'GET', `/api/v1/stock/${product.sku}`, null, [200]);
    pause();
  }
  return seen;
}

function fill(seen) {
  for (let items = 1 + Math.floor(Math.random() * 3); items > 0; items -= 1) {
    ask('fill', 'PUT', `/api/v1/cart/items/${pick(seen).sku}`, { quantity: 1 + Math.floor(Math.random() * 2) }, [200], account.headers);
    pause();
  }
  ask('cart', 'GET', '/api/v1/cart', null, [200], account.headers);
  pause();
}

function buy() {
  const answer = ask(
    'checkout', 'POST', '/api/v1/checkout',
    {
      payment_method: { token: 'tok_visa' },
      shipping_address: { name: 'Sam Shopper', line1: '1 Main Street', city: 'Springfield', postal_code: '12345', country: 'US' },
    },
    [201, 202, 409], { ...account.headers, 'Idempotency-Key': uuid() });
  if (!answer) return;
  if (answer.status === 409) {
    outcomes.soldOut.add(1);
    return;
  }
  (answer.status === 201 ? outcomes.confirmed : outcomes.pending).add(1);
  ask('order', 'GET', `/api/v1/orders/${answer.json('id')}`, null, [200], account.headers);
}

export default function () {
  const seen = browse();
  if (!seen.length || Math.random() < LEAVES_AFTER_BROWSING || !sign_in()) return;
  fill(seen);
  if (Math.random() < LEAVES_THE_CART) return;
  buy();
}

function column(text, width) {
  return String(text).padStart(width);
}

function milliseconds(value) {
  return column(value === undefined ? '-' : value.toFixed(value < 10 ? 2 : 1), 10);
}

export function handleSummary(data) {
  const value = (name, key) => (data.metrics[name] ? data.metrics[name].values[key] : undefined);
  const count = (name) => value(name, 'count') || 0;
  let text = `${'step'.padEnd(12)}${['requests', 'failed', 'p50 ms', 'p90 ms', 'p95 ms', 'p99 ms', 'max ms'].map((title) => column(title, 10)).join('')}\n`;
  for (const step of STEPS) {
    const name = `step_${step}`;
    if (!count(name)) continue;
    text += step.padEnd(12) + column(count(name), 10) + column(count(`failed_${step}`), 10)
      + ['med', 'p(90)', 'p(95)', 'p(99)', 'max'].map((key) => milliseconds(value(name, key))).join('') + '\n';
  }
  const seconds = data.state.testRunDurationMs / 1000;
  text += `\n${count('iterations')} shoppers in ${seconds.toFixed(1)} s, ${count('http_reqs')} requests (${(count('http_reqs') / seconds).toFixed(1)}/s); `
    + `orders: ${count('orders_confirmed')} confirmed, ${count('orders_pending')} pending, ${count('orders_sold_out')} sold out`;
  if (count('dropped_iterations')) text += `; ${count('dropped_iterations')} shoppers could not be played in time`;
  const files = { stdout: `${text}\n` };
  if (__ENV.JSON) files[__ENV.JSON] = JSON.stringify(data, null, 2);
  return files;
}
