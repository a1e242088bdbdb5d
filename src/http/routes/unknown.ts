/** Among sources of routes: the framework has looked, and none of its routes matches the request. */
export const unknownRoute = '\0';
