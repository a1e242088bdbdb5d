// Up to 200,000 label sets. Their strings exist before anything is measured.

export const labelNames = ['method', 'route', 'status'];

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const statuses = ['200', '201', '302', '404', '500'];
const routes = Array.from({ length: 8000 }, (_, index) => `/api/v1/resource-${index}/:id`);

/** A new object at each call. Indexes go through one route after the other, with every method and status. */
export function labelSet(index) {
  return {
    method: methods[Math.floor(index / 5) % 5],
    route: routes[Math.floor(index / 25)],
    status: statuses[index % 5],
  };
}
