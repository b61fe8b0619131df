# The image of Roster: its sources, its dependencies, and the Node that npm installs with them.
FROM node:26-bookworm-slim AS build
WORKDIR /roster
COPY . .
# `npm ci` builds the web pages too. The prune removes packages that only the build and the tests need.
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:26-bookworm-slim
WORKDIR /roster
COPY --from=build /roster/node_modules ./node_modules
COPY --from=build /roster/dist ./dist
COPY package.json ./
COPY bin ./bin
COPY src ./src
# Mount a volume here: it holds the ledger of erasures; without DATABASE_URL and ROSTER_SECRET it holds all other data too.
RUN mkdir /data && chown node:node /data && chmod 700 /data
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    ROSTER_DATA_DIR=/data \
    PATH=/roster/node_modules/.bin:$PATH
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "/roster/bin/roster"]
CMD ["serve"]
