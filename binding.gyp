# For `node-gyp rebuild` and `npm rebuild`: the compilation itself is that of scripts/addon.mjs, which needs no node-gyp.
{
  "targets": [
    {
      "target_name": "prom_client_mmap",
      "type": "none",
      "actions": [
        {
          "action_name": "compile",
          "inputs": ["bin/prom-client-mmap.mjs"],
          "outputs": ["<(PRODUCT_DIR)/compiled-each-time"],
          "action": ["node", "<(module_root_dir)/bin/prom-client-mmap.mjs", "build"]
        }
      ]
    }
  ]
}
