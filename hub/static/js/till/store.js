/* What a till keeps in this browser: its key, articles, the keys of phones, and sales that the hub does not know yet. */
const STORES = { facts: null, devices: "id", offers: "number", used: null, problems: "number" };

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export async function open(name) {
  const opening = indexedDB.open(`sk-till-${name}`, 1);
  opening.onupgradeneeded = () => {
    for (const [store, keyPath] of Object.entries(STORES)) opening.result.createObjectStore(store, keyPath ? { keyPath } : undefined);
  };
  return new Store(await asked(opening));
}

class Store {
  constructor(database) { this.database = database; }

  get(store, key) { return asked(this.database.transaction(store).objectStore(store).get(key)); }

  all(store) { return asked(this.database.transaction(store).objectStore(store).getAll()); }

  /* Comes back when it is on the disk: a browser that is killed afterwards has it still. */
  write(stores, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(stores, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
      work(...stores.map((name) => transaction.objectStore(name)));
    });
  }

  put(store, value, key) { return this.write([store], (place) => place.put(value, key)); }

  remove(store, key) { return this.write([store], (place) => place.delete(key)); }
}
