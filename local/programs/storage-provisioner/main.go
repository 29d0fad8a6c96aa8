// Command storage-provisioner gives each PersistentVolumeClaim of its class a
// volume on this node, as large as the claim says. It is the Kubernetes
// project's provisioner library with the least of its own: make the volume,
// mount it, let it grow with its claim, delete it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// Claims and volumes of earlier platforms bear this name, when all were plain folders.
const provisionerName = "gpucommons.io/folder"

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	root := flag.String("root", "", "folder that holds the volumes")
	node := flag.String("node", "", "name of this node")
	gid := flag.Int("gid", 100, "group that owns new volumes")
	sizes := flag.Bool("enforce-sizes", true, "make new volumes images of the claim's size; else plain folders")
	ready := flag.String("ready-file", "", "made once the volumes that exist are mounted")
	flag.Parse()
	if *kubeconfig == "" || *root == "" || *node == "" {
		fmt.Fprintln(os.Stderr, "storage-provisioner: --kubeconfig, --root and --node are needed")
		os.Exit(2)
	}
	ctx := klog.NewContext(context.Background(), klog.Background())
	storage := &volumes{root: *root, node: *node, gid: *gid, enforceSizes: *sizes}
	// Before the API server is asked: pods that exist wait for their files, not for the cluster.
	storage.mountAll()
	if *ready != "" {
		if err := os.WriteFile(*ready, nil, 0o600); err != nil {
			klog.Fatalf("say that the volumes are mounted: %v", err)
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.Fatalf("read %s: %v", *kubeconfig, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatalf("make a client: %v", err)
	}
	factory := informers.NewSharedInformerFactory(client, controller.DefaultResyncPeriod)
	bound := newUpkeep(client, factory, storage)
	provisioner := controller.NewProvisionController(
		ctx, client, provisionerName, storage,
		controller.LeaderElection(false),
		controller.ClaimsInformer(factory.Core().V1().PersistentVolumeClaims().Informer()),
		controller.VolumesInformer(factory.Core().V1().PersistentVolumes().Informer()),
		// Tried until it succeeds: a volume in use is deleted once it no longer is.
		controller.FailedProvisionThreshold(0),
		controller.FailedDeleteThreshold(0),
	)
	factory.Start(ctx.Done())
	go bound.run(ctx)
	provisioner.Run(ctx)
}
